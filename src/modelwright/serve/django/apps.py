"""The Django application: models named in the settings, opened once when a process starts.

```python
INSTALLED_APPS = [..., "modelwright.serve.django"]
MODELWRIGHT = {"models": {"churn": BASE_DIR / "churn.onnx"}}
# urls.py
path("scores/", include("modelwright.serve.django.urls"))
```
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, final

from django.apps import AppConfig
from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured

from modelwright.serve.access import token_digest
from modelwright.serve.settings import Access, Limits, Settings
from modelwright.serve.threaded import Threaded

_KEYS = frozenset({"models", "limits", "tokens", "page", "log_level", "public_key"})


@final
class ModelwrightConfig(AppConfig):  # type: ignore[misc]  # Django brings no types
    """Opens the models of the setting ``MODELWRIGHT``."""

    name = "modelwright.serve.django"
    label = "modelwright"
    verbose_name = "Models"
    threaded: Threaded

    def ready(self) -> None:
        """Open the models; a file that is refused ends the start, with the reason."""
        self.threaded = threaded_of(getattr(project, "MODELWRIGHT", {}))


def threaded_of(options: Mapping[str, Any]) -> Threaded:
    """Return the models of a ``MODELWRIGHT`` setting.

    Args:
        options: ``models``, files by name, or one file; optionally ``limits`` (names of `Limits`),
            ``tokens`` (texts), ``page`` (False switches the page off), ``log_level``,
            ``public_key`` (file of the key that models must be signed with).

    Raises:
        ImproperlyConfigured: An option is unknown or absent.
        FileRefusedError: A file is refused.
    """
    if not options.get("models"):
        raise ImproperlyConfigured('MODELWRIGHT needs models: MODELWRIGHT = {"models": {"churn": "churn.onnx"}}')
    if unknown := sorted(set(options) - _KEYS):
        raise ImproperlyConfigured(f"MODELWRIGHT['{unknown[0]}'] is unknown. Known: {', '.join(sorted(_KEYS))}.")
    limits = dict(options.get("limits", {}))
    known = {field.name for field in fields(Limits)}
    if unknown := sorted(set(limits) - known):
        raise ImproperlyConfigured(f"The limit '{unknown[0]}' is unknown. Known: {', '.join(sorted(known))}.")
    settings = Settings(
        limits=Limits(**limits),
        access=Access(tuple(token_digest(token) for token in options.get("tokens", ()))),
        log_level=options.get("log_level", "warning"),
        public_key=str(options["public_key"]) if options.get("public_key") else None,
        has_page=bool(options.get("page", True)),
    )
    return Threaded(options["models"], settings)
