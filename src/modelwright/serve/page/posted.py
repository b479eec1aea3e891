"""What a browser sends with a form: fields, or one file among them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final
from urllib.parse import parse_qsl

from modelwright.serve.exchange import Request
from modelwright.serve.refusal import RefusedRequestError

FORM = "application/x-www-form-urlencoded"
FORM_WITH_FILE = "multipart/form-data"

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)
_MOST_PARTS = 20


@final
@dataclass(frozen=True, slots=True)
class Upload:
    """A form with a file: its fields, and the bytes of the file."""

    file: bytes
    fields: Mapping[str, str] = field(default_factory=dict)


def entered_fields(request: Request, most: int) -> dict[str, str]:
    """Return the fields of a form, as browsers send it without files.

    Raises:
        RefusedRequestError: It is no such form, or has more than `most` fields.
    """
    if not request.body:
        return {}
    if request.media_type != FORM:
        raise RefusedRequestError(415, "The content type is not that of a form.")
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=most, errors="strict"))
    except ValueError:
        raise RefusedRequestError(
            400, "The form is not UTF-8, or has more fields than the model has columns."
        ) from None


def uploaded(request: Request) -> Upload:
    """Return the file of a form with a file, or a body that is the file itself.

    Raises:
        RefusedRequestError: The form is damaged or holds no file.
    """
    if request.media_type != FORM_WITH_FILE:
        return Upload(request.body)
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise RefusedRequestError(400, "The form does not say where its parts end.")
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    file, fields = None, {}
    for part in (b"\r\n" + request.body).split(b"\r\n" + mark)[1 : _MOST_PARTS + 1]:
        head, is_part, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not is_part or name is None:
            continue
        if b"filename" in head.lower():
            file = body
        else:
            fields[name[1].decode("latin-1")] = body.decode("utf-8", "replace")
    if not file:
        raise RefusedRequestError(400, "The form holds no file. Choose a CSV file first.")
    return Upload(file, fields)
