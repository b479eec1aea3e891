"""Addresses of the shop: every route under ``/scores/``, and one view of its own for the rows of one model."""

from django.conf import settings
from django.urls import include, path

from modelwright.serve.django.views import PredictView

urlpatterns = [
    path("scores/", include("modelwright.serve.django.urls")),
    path("predict/", PredictView.as_view(model=settings.CHURN_MODEL)),
]
