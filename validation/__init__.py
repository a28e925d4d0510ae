"""The library's numbers beside independent ones; the tests and a page of the book show the same."""
