"""A shop that answers whether its customers will leave, inside a Flask application of its own."""

import os
from pathlib import Path

from flask import Flask

from modelwright.serve.flask import blueprint

MODEL = Path(os.environ.get("CHURN_MODEL", Path(__file__).with_name("churn.onnx")))

app = Flask(__name__)
app.register_blueprint(blueprint(MODEL), url_prefix="/scores")


@app.get("/")
def index() -> str:
    """Answer the shop's own page."""
    return '<!doctype html><title>Shop</title><p>Will they leave? <a href="scores/">Try it</a></p>'
