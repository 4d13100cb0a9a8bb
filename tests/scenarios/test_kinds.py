"""A native error becomes the kind that it is, whatever else went wrong before."""

import errno
import ssl

import pytest

from scenarios.fetch_and_save.contract import (
    BadResponse,
    ConnectError,
    FetchAndSaveError,
    ResolveError,
    TLSError,
    TooLarge,
    Visit,
)


@pytest.mark.parametrize("other", [TooLarge("of another page"), TimeoutError(), ResolveError("another host")])
def test_an_error_that_is_being_handled_is_not_the_reason(other: Exception) -> None:
    caught: Exception | None = None
    try:
        raise other
    except Exception:
        try:
            with Visit("http://127.0.0.1/").kinds():
                raise ConnectionRefusedError
        except Exception as error:
            caught = error
    assert type(caught) is ConnectError


def test_the_reason_may_be_a_context() -> None:
    visit = Visit("http://127.0.0.1/")
    with pytest.raises(TimeoutError), visit.kinds():  # noqa: PT012 (the inner raise makes the context)
        try:
            raise TimeoutError
        except TimeoutError:
            raise RuntimeError  # noqa: B904 (without a cause, as clients do)


def test_no_context_counts_where_callbacks_run_in_anybody_s_handler() -> None:
    visit = Visit("http://127.0.0.1/")
    error = ConnectionRefusedError()
    error.__context__ = TooLarge("of another page")
    assert type(visit.failure(error, contexts=False)) is ConnectError


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN, errno.ECONNABORTED])
@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize(("scheme", "kind"), [("http", BadResponse), ("https", TLSError)])
def test_a_reset_has_one_kind_however_early_it_comes(
    scheme: str, kind: type[FetchAndSaveError], connected: bool, number: int
) -> None:
    visit = Visit(f"{scheme}://127.0.0.1/")
    if connected and scheme == "http":  # to https that is the end of the handshake, after which it is the answer that breaks
        visit.connected()
    assert type(visit.failure(OSError(number, "reset"))) is kind


def test_a_port_that_refuses_is_no_connection() -> None:
    for scheme in ("http", "https"):
        assert (
            type(Visit(f"{scheme}://127.0.0.1/").failure(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))) is ConnectError
        )


def test_an_error_without_words_has_those_of_what_stands_behind_it() -> None:
    wordless = RuntimeError()
    wordless.__cause__ = ssl.SSLError(1, "wrong version number")
    assert str(Visit("https://127.0.0.1/").failure(wordless)) == f"RuntimeError: {wordless.__cause__}"


def test_what_comes_before_tls_is_no_answer() -> None:
    visit = Visit("https://127.0.0.1/")
    with pytest.raises(TLSError):
        visit.received(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    visit.connected()
    assert visit.received(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") == b""
    with pytest.raises(TLSError):
        visit.answered(200)
