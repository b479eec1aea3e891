"""The engine: plan, try, blend, calibrate, refit, inside a budget."""
