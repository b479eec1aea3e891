"""The protocols a server speaks, in the order in which their routes are tried."""

PROTOCOLS: dict[str, str] = {
    "plain": "modelwright.serve.plain:ROUTES",
    "explain": "modelwright.serve.explain:ROUTES",
    "interval": "modelwright.serve.interval:ROUTES",
    "openapi": "modelwright.serve.openapi:ROUTES",
    "health": "modelwright.serve.health:ROUTES",
    "mlflow": "modelwright.serve.mlflow:ROUTES",
    "sagemaker": "modelwright.serve.sagemaker:ROUTES",
    "oip": "modelwright.serve.oip:ROUTES",
    "azureml": "modelwright.serve.azureml:ROUTES",
    "page": "modelwright.serve.page.routes:routes",
    "vertex": "modelwright.serve.vertex:routes",
}
"""Name to ``"module:attribute"`` of a tuple of `Route`, or of a function from the settings to one.

A new protocol, or a route of our own such as an explanation, is one file and one line here. Of several routes with
one path, the first whose `media_type` the request accepts answers, so a page stands before a probe.
"""

EMBEDDINGS: dict[str, str] = {
    "asgi": "modelwright.serve.app:application",
    "django": "modelwright.serve.django.views:PredictView",
    "flask": "modelwright.serve.flask:blueprint",
    "wsgi": "modelwright.serve.wsgi:application",
}
"""What a web application of others takes in: name to ``"module:attribute"``."""
