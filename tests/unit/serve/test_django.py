"""The Django application: a view and the routes, in a project whose settings are made here."""

import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

django = pytest.importorskip("django")

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, small_file: Callable[..., bytes]) -> Iterator[Any]:
    """A Django project in this process; Django can be set up only once in one."""
    from django.conf import settings

    file = tmp_path_factory.mktemp("django") / "churn.onnx"
    file.write_bytes(small_file())
    urls = types.ModuleType("project_urls")
    sys.modules["project_urls"] = urls
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="project_urls",
        INSTALLED_APPS=["modelwright.serve.django"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
        MODELWRIGHT={"models": {"churn": file}, "log_level": "error"},
        USE_TZ=True,
        SECRET_KEY="only for this test",
    )
    django.setup()
    from django.urls import include, path

    from modelwright.serve.django.views import PredictView

    urls.urlpatterns = [  # type: ignore[attr-defined]  # made here
        path("scores/", include("modelwright.serve.django.urls")),
        path("one/", PredictView.as_view(model=str(file))),
        path("none/", PredictView.as_view()),
    ]
    yield file
    del sys.modules["project_urls"]


@pytest.fixture(scope="module")
def client(project: Path) -> Any:
    from django.test import Client

    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("address", ["/one/", "/scores/predict", "/scores/models/churn/predict"])
def test_rows_are_answered(client: Any, address: str) -> None:
    answer = client.post(address, json.dumps([ROW]), content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["label"] in ("no", "yes")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/one/", 405),
        ("put", "/one/", 405),
        ("post", "/one/", 415),
        ("get", "/scores/readyz", 200),
        ("get", "/scores/v2/models/churn", 200),
        ("get", "/scores/models/other/schema", 404),
        ("get", "/scores/predict", 405),
        ("get", "/scores/nowhere", 404),
    ],
)
def test_statuses_are_those_of_the_server(client: Any, method: str, address: str, status: int) -> None:
    assert getattr(client, method)(address).status_code == status


def test_bad_json_is_400_and_never_repeated(client: Any) -> None:
    answer = client.post("/one/", b"[{secret", content_type="application/json")
    assert answer.status_code == 400
    assert b"secret" not in answer.content


def test_the_view_answers_under_asgi(project: Path) -> None:
    import asyncio

    from django.test import AsyncClient

    async def ask() -> Any:
        return await AsyncClient().post("/one/", json.dumps([ROW]), content_type="application/json")

    assert asyncio.run(ask()).status_code == 200


def test_routes_have_names(project: Path) -> None:
    from django.urls import reverse

    assert reverse("modelwright:predict") == "/scores/predict"
    assert reverse("modelwright:models_model_predict", args=["churn"]) == "/scores/models/churn/predict"


def test_a_view_without_a_model_says_so(client: Any) -> None:
    with pytest.raises(TypeError, match="needs a model"):
        client.post("/none/", b"[]", content_type="application/json")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "needs models"),
        ({"models": "x.onnx", "modles": 1}, "'modles'.*Known"),
        ({"models": "x.onnx", "limits": {"row": 1}}, "limit 'row'"),
    ],
)
def test_a_wrong_setting_is_named(project: Path, options: dict[str, Any], told: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from modelwright.serve.django.apps import threaded_of

    with pytest.raises(ImproperlyConfigured, match=told):
        threaded_of(options)


def test_settings_reach_the_models(project: Path) -> None:
    from modelwright.serve.django.apps import threaded_of

    found = threaded_of({"models": project, "limits": {"rows": 7}, "tokens": ["a-token-of-some-length"], "page": False})
    settings = found.service.settings
    assert (settings.limits.rows, settings.has_page, len(settings.access.token_digests)) == (7, False, 1)
    assert found.service.shelf.names == ("churn",)
