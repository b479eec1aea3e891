from pathlib import Path

import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.serve.access import access_for, check_host, check_token, is_loopback, read_tokens, token_digest
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Access

TOKEN = "correct-horse-battery"


def test_only_a_known_token_passes() -> None:
    access = Access((token_digest("another-token-here"), token_digest(TOKEN)))
    check_token(f"Bearer {TOKEN}", access)
    check_token(f"bearer  {TOKEN} ", access)
    for wrong in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer", "Bearer \xff\udc80"):
        with pytest.raises(RefusedRequestError) as caught:
            check_token(wrong, access)
        assert caught.value.status == 401
        assert dict(caught.value.headers)["www-authenticate"] == "Bearer"


def test_every_token_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwright.serve import access as module

    seen = []
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: bool(seen.append(b)) or a == b)
    check_token(f"Bearer {TOKEN}", Access((token_digest(TOKEN), "b" * 64, "c" * 64)))
    assert len(seen) == 3


def test_tokens_are_kept_as_digests_only(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# ours\n{TOKEN}\n\nsha256:{token_digest('x' * 20).upper()}\n")
    assert read_tokens(str(file)) == (token_digest(TOKEN), token_digest("x" * 20))


@pytest.mark.parametrize("text", ["", "# nothing\n", "short\n", "sha256:12\n", "sha256:" + "z" * 64])
def test_token_files_without_a_good_token_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tokens"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_tokens(str(file))
    assert "short" not in str(caught.value)


def test_an_absent_token_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_tokens(str(tmp_path / "no"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", ""])
def test_beyond_loopback_a_token_or_an_explicit_wish_is_needed(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SpecError, match="--auth-token-file"):
        access_for(host, (), (), is_open=False)
    assert access_for(host, (), (), is_open=True).hosts == ("*",)
    assert access_for(host, ("a" * 64,), ("api.example.org:443",), is_open=False).hosts == ("api.example.org",)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1", "LOCALHOST"])
def test_on_loopback_only_local_names_are_answered(host: str) -> None:
    access = access_for(host, (), (), is_open=False)
    for good in ("localhost", "127.0.0.1:8080", "[::1]:80", "LocalHost.:1"):
        check_host(good, access)
    for bad in ("", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "[::2]"):
        with pytest.raises(RefusedRequestError) as caught:
            check_host(bad, access)
        assert caught.value.status == 421
