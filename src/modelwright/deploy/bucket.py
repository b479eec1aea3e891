"""A model in Google Cloud Storage, which Vertex AI names by a ``gs://`` address and leaves to the container to fetch.

Two requests over plain HTTP do it, so no client library weighs on the image.

Source:
    Cloud Storage JSON API v1, objects.list and objects.get; the metadata server's service account token.
"""

import json
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelwright.core.errors import DataError, SpecError, listed

SCHEME = "gs://"
SECONDS = 60.0
"""Longest silence of the network."""

_STORAGE = "https://storage.googleapis.com"
_METADATA = "metadata.google.internal"
_TOKEN = "computeMetadata/v1/instance/service-accounts/default/token"  # an address, not a token


def fetch(address: str, environment: Mapping[str, str]) -> Path:
    """Copy the one ``.onnx`` object under an address into a temporary folder and return the file.

    ``STORAGE_EMULATOR_HOST`` and ``GCE_METADATA_HOST`` are heeded as Google's own libraries do; an emulator is asked
    without a token.

    Raises:
        SpecError: The address is none, or several model files are under it.
        DataError: It cannot be fetched.
    """
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise SpecError(f"'{address}' names no bucket. It must read gs://BUCKET/FOLDER.")
    emulator = environment.get("STORAGE_EMULATOR_HOST", "").strip()
    base = (emulator if "://" in emulator else f"http://{emulator}") if emulator else _STORAGE
    headers = {} if emulator else {"Authorization": f"Bearer {_token(environment)}"}
    objects = f"{base.rstrip('/')}/storage/v1/b/{urllib.parse.quote(bucket, safe='')}/o"
    if prefix and not prefix.endswith((".onnx", "/")):
        prefix += "/"  # a folder, not everything whose name begins so
    query = urllib.parse.urlencode({"prefix": prefix, "fields": "items(name),nextPageToken"})
    listing = _json(f"{objects}?{query}", headers, address)
    if "nextPageToken" in listing:
        raise SpecError(f"'{address}' holds too many objects to look through. Name the folder of the model itself.")
    names = [item["name"] for item in listing.get("items", ()) if item["name"].endswith(".onnx")]
    if len(names) != 1:
        raise SpecError(f"'{address}' must hold exactly one .onnx file; it holds {listed(names) or 'none'}.")
    place = Path(tempfile.mkdtemp(prefix="modelwright-")) / names[0].rpartition("/")[2]
    with _opened(f"{objects}/{urllib.parse.quote(names[0], safe='')}?alt=media", headers, address) as body:
        with place.open("wb") as file:
            shutil.copyfileobj(body, file)
        expected = body.headers.get("Content-Length")
    if expected is not None and int(expected) != place.stat().st_size:
        raise DataError(f"'{address}' ended early: {place.stat().st_size} of {expected} bytes came. Try again.")
    return place


def _token(environment: Mapping[str, str]) -> str:
    host = environment.get("GCE_METADATA_HOST", "").strip() or _METADATA
    told = _json(f"http://{host}/{_TOKEN}", {"Metadata-Flavor": "Google"}, "the service account's token")
    return str(told["access_token"])


def _json(url: str, headers: Mapping[str, str], what: str) -> Any:
    with _opened(url, headers, what) as body:
        return json.load(body)


def _opened(url: str, headers: Mapping[str, str], what: str) -> Any:
    request = urllib.request.Request(url, headers=dict(headers))  # http or https, both from constants
    try:
        return urllib.request.urlopen(request, timeout=SECONDS)  # as above
    except (urllib.error.URLError, OSError) as error:
        reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else str(error)
        raise DataError(
            f"{what} cannot be fetched: {reason}. May the service account read it (storage.objects.get and .list)?"
        ) from error
