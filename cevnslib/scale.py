"""One call for a list of tasks: on threads here, in a pool of processes, or on a cluster."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

from .errors import ConfigurationError, checked_kind, quoted

__all__ = ["map_tasks"]

Task = TypeVar("Task")
Result = TypeVar("Result")

#: How often a cluster tries a task again that raised an error; a worker's death is not counted.
RETRIES = 2


def map_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    client: Any = None,
    progress: Callable[..., Iterable[Result]] | None = None,
) -> Iterator[Result]:
    """Apply a function to each task, and give the results in the order of the tasks.

    What comes out does not depend on where it was computed, as long as the function itself does
    not: tasks carry their own seeds.

    Parameters
    ----------
    function : callable
        Of one task. Other processes get it by pickling, so it is a module's own function or a
        ``functools.partial`` of one.
    tasks : sequence
        Its arguments.
    client : concurrent.futures.Executor or dask.distributed.Client, optional
        Who works; by default threads, as many as there are cores. On a cluster the tasks of a
        worker that dies go to another, and those that raise an error are tried twice more.
    progress : callable, optional
        What wraps the results to show how many are there, called as
        ``progress(results, total=number)``: ``tqdm.tqdm`` does.

    Yields
    ------
    object
        The results, each as soon as it and those before it are there; none is kept.

    Raises
    ------
    KindError
        If the function or what shows progress cannot be called, or the tasks are no sequence.
    ConfigurationError
        If the client is none.

    Examples
    --------
    >>> list(map_tasks(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    checked_kind("function", function, Callable)
    checked_kind("tasks", tasks, Sequence)
    if progress is not None:
        checked_kind("progress", progress, Callable)
    if not (client is None or isinstance(client, Executor) or hasattr(client, "scheduler_info")):
        raise ConfigurationError(
            f"client: got {quoted(client)}; allowed: None, a concurrent.futures.Executor or a "
            "dask.distributed.Client"
        )
    results = _results(function, tasks, client)
    return iter(results if progress is None else progress(results, total=len(tasks)))


def _results(
    function: Callable[[Task], Result], tasks: Sequence[Task], client: Any
) -> Iterator[Result]:
    if client is None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from _results(function, tasks, pool)
        return
    if isinstance(client, Executor):
        futures = deque(client.submit(function, task) for task in tasks)
    else:
        futures = deque(client.map(function, tasks, pure=False, retries=RETRIES))
    try:
        while futures:
            yield futures.popleft().result()
    finally:
        for future in futures:
            future.cancel()
