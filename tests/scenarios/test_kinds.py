"""A native error becomes the kind that it is, whatever else went wrong before."""

import pytest

from scenarios.fetch_and_save.contract import ConnectError, ResolveError, TooLarge, Visit


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
