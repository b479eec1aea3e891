"""Every route of our server, for ``include`` in a project."""

import re

from django.apps import apps
from django.urls import path

from modelwright.serve.django.apps import ModelwrightConfig
from modelwright.serve.django.views import route_view
from modelwright.serve.threaded import address_name

app_name = "modelwright"

_CONFIG = apps.get_app_config("modelwright")
assert isinstance(_CONFIG, ModelwrightConfig)
urlpatterns = [
    path(
        re.sub(r"{(\w+)}", r"<str:\1>", address.removeprefix("/")),
        route_view(_CONFIG.threaded, address),
        name=address_name(address),
    )
    for address in _CONFIG.threaded.addresses
]
