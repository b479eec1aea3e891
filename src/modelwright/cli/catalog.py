"""The commands, in the order in which help lists them."""

COMMANDS: dict[str, str] = {
    "check": "modelwright.cli.check:check",
    "fit": "modelwright.cli.fit:fit",
    "resume": "modelwright.cli.resume:resume",
    "refit": "modelwright.cli.refit:refit",
    "predict": "modelwright.cli.predict:predict",
    "evaluate": "modelwright.cli.evaluate:evaluate",
    "compare": "modelwright.cli.compare:compare",
    "learning-curve": "modelwright.cli.learning_curve:learning_curve",
    "explain": "modelwright.cli.explain:explain",
    "fairness": "modelwright.cli.fairness:fairness",
    "report": "modelwright.cli.report:report",
    "inspect": "modelwright.cli.inspect:inspect",
    "verify": "modelwright.cli.verify:verify",
    "sign": "modelwright.cli.sign:sign",
    "schema": "modelwright.cli.schema:schema",
    "serve": "modelwright.cli.serve:serve",
    "deploy": "modelwright.cli.deploy:deploy",
    "register": "modelwright.cli.register:register",
    "runs": "modelwright.cli.runs:runs",
}
"""Name to ``"module:attribute"`` of a click command."""

SUMMARIES: dict[str, str] = {
    "check": "Look for leaks, identifiers, copies and drift in a table.",
    "fit": "Learn to predict a column and write the model file.",
    "resume": "Go on with a fit that was killed or ended too early.",
    "refit": "Train the recipe of a model file on other rows.",
    "predict": "Answer every row of a table with a model file.",
    "evaluate": "Score a model file on a labelled table.",
    "compare": "Test whether one model file is better than another.",
    "learning-curve": "Fit on ever more rows and say what twice as many would bring.",
    "explain": "Explain a model file and single answers.",
    "fairness": "Audit how a model file treats groups of rows.",
    "report": "Write what is known of a model file as a page to show.",
    "inspect": "Show what a model file holds.",
    "verify": "Audit a model file and prove its answers again.",
    "sign": "Vouch for a model file with a private key.",
    "schema": "Show what each column of a table is taken for, and why.",
    "serve": "Answer requests over HTTP with model files.",
    "deploy": "Write what brings a model file to a container or a cloud.",
    "register": "Give a model file a name in a folder or on an MLflow server.",
    "runs": "List, show, compare and prune the runs that were kept.",
}
"""What help says of each command, so that listing them imports none."""

RUNS: dict[str, str] = {
    "list": "modelwright.cli.runs:list_runs",
    "show": "modelwright.cli.runs:show_run",
    "compare": "modelwright.cli.runs:compare_runs",
    "prune": "modelwright.cli.runs:prune_runs",
}
"""The commands under ``modelwright runs``."""

WRITERS: dict[str, str] = {
    "csv": "modelwright.cli.answers:csv_writer",
    "jsonl": "modelwright.cli.answers:jsonl_writer",
    "parquet": "modelwright.cli.parquet:parquet_writer",
}
"""Forms in which predictions are written, and the function that makes the writer."""
