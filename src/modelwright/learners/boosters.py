"""Hyperparameters of the trees that are tried, boosted and in forests, by what they are good for.

Values: engine notes, section 8.4 and appendix A, which keep what did best over many public tables (AutoGluon's
published portfolios among them).
"""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

EXTRA = {
    "extra_trees": True,
    "learning_rate": 0.018,
    "leaves": 39,
    "min_leaf": 3,
    "feature_fraction": 0.46,
    "bagging_fraction": 0.88,
    "l1": 0.24,
    "l2": 0.36,
}
DEEP = {
    "learning_rate": 0.0114,
    "leaves": 84,
    "min_leaf": 3,
    "feature_fraction": 0.53,
    "bagging_fraction": 0.98,
    "l1": 0.03,
    "l2": 0.84,
}
PLAIN = {
    "learning_rate": 0.03,
    "leaves": 32,
    "min_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "l2": 1.0,
}
WIDE = {
    "learning_rate": 0.025,
    "leaves": 255,
    "min_leaf": 20,
    "feature_fraction": 0.53,
    "bagging_fraction": 0.98,
    "l1": 0.03,
    "l2": 0.84,
}
SMALL = {
    "extra_trees": True,
    "learning_rate": 0.0127,
    "leaves": 5,
    "min_leaf": 12,
    "feature_fraction": 0.73,
    "bagging_fraction": 0.85,
    "l1": 0.24,
    "l2": 0.3,
}
LARGE = {
    "extra_trees": True,
    "learning_rate": 0.018,
    "leaves": 180,
    "min_leaf": 12,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.95,
    "l1": 0.77,
    "l2": 1.6,
}
STUMPS = {
    "learning_rate": 0.009,
    "leaves": 2,
    "min_leaf": 17,
    "feature_fraction": 0.59,
    "bagging_fraction": 0.84,
    "l1": 0.08,
    "l2": 0.77,
}
PREPARED_EXTRA = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.019,
    "leaves": 64,
    "min_leaf": 28,
    "feature_fraction": 0.55,
    "bagging_fraction": 0.99,
    "l1": 0.91,
    "l2": 1.9,
}
PREPARED_16 = {
    "view": "prepared",
    "learning_rate": 0.04,
    "leaves": 16,
    "min_leaf": 5,
    "feature_fraction": 0.58,
    "bagging_fraction": 0.96,
    "l1": 0.94,
    "l2": 0.99,
}
PREPARED_8 = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.0074,
    "leaves": 8,
    "min_leaf": 15,
    "feature_fraction": 0.42,
    "bagging_fraction": 0.72,
    "l1": 0.11,
    "l2": 0.26,
}
PREPARED_64 = {
    "view": "prepared",
    "learning_rate": 0.035,
    "leaves": 64,
    "min_leaf": 5,
    "feature_fraction": 0.67,
    "bagging_fraction": 0.93,
    "l1": 0.01,
    "l2": 0.72,
}
DEPTH_7 = {"learning_rate": 0.08, "depth": 7, "l2": 1e-5, "random_strength": 0.8, "subsample": 0.9}
DEPTH_9 = {"learning_rate": 0.09, "depth": 9, "random_strength": 0.0, "leaf_steps": 20}
DEPTH_6 = {"learning_rate": 0.05, "depth": 6, "l2": 3.0, "subsample": 0.8}
DEPTH_4 = {"learning_rate": 0.05, "depth": 4, "l2": 4.6}
DEPTH_5 = {"learning_rate": 0.05, "depth": 5, "l2": 1.05}
DEPTH_8 = {"learning_rate": 0.031, "depth": 8, "l2": 2.8, "subsample": 0.8}
DEPTH_8_SLOW = {"learning_rate": 0.0173, "depth": 8, "l2": 3.33, "subsample": 0.8}
PREPARED_32 = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.054,
    "leaves": 32,
    "min_leaf": 5,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.99,
    "l1": 0.8,
    "l2": 1.2,
}
PREPARED_128 = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.0413,
    "leaves": 128,
    "min_leaf": 9,
    "feature_fraction": 0.62,
    "bagging_fraction": 0.88,
    "l1": 0.65,
    "l2": 1.74,
}
PREPARED_FEW_LEAVES = {
    "view": "prepared",
    "learning_rate": 0.0816,
    "leaves": 16,
    "min_leaf": 12,
    "feature_fraction": 0.69,
    "bagging_fraction": 0.71,
    "l1": 0.87,
    "l2": 0.45,
}
SPARSE = {
    "learning_rate": 0.0134,
    "leaves": 20,
    "min_leaf": 5,
    "feature_fraction": 0.43,
    "bagging_fraction": 0.71,
    "l1": 0.51,
    "l2": 0.51,
}
FULL = {
    "learning_rate": 0.0079,
    "leaves": 8,
    "min_leaf": 24,
    "feature_fraction": 0.94,
    "bagging_fraction": 0.82,
    "l1": 0.44,
    "l2": 0.3,
}

UNHURRIED = {"is_hurried": False}
"""Keeps the rate as it is whatever the budget."""

RANDOM_SPLITS = {"kind": "extra", "feature_fraction": 0.75, "min_leaf": 1, "most_leaves": 2_000}
"""Leaves of single rows answer rows that resemble one another; they cost a second and up to ten megabytes."""
