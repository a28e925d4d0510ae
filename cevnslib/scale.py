"""One call for a list of tasks: on threads here, in a pool of processes, or on a cluster."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar

from .checks import checked_integer, checked_kind
from .errors import ConfigurationError, quoted

__all__ = [
    "end_with_parent",
    "map_tasks",
    "process_pool",
]
Task = TypeVar("Task")
Result = TypeVar("Result")
#: How often a cluster tries a task again that raised an error; a worker's death is not counted.
RETRIES = 2


def map_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    executor: Any = None,
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
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
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
    ConfigurationError
        If the executor is none.

    Examples
    --------
    >>> list(map_tasks(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    checked_kind("function", function, Callable)
    checked_kind("tasks", tasks, Sequence)
    if progress is not None:
        checked_kind("progress", progress, Callable)
    known = executor is None or isinstance(executor, Executor)
    if not (known or hasattr(executor, "scheduler_info")):
        raise ConfigurationError(
            f"executor: got {quoted(executor)}; allowed: None, a concurrent.futures.Executor or a "
            "dask.distributed.Client"
        )
    results = _results(function, tasks, executor)
    return iter(results if progress is None else progress(results, total=len(tasks)))


def _results(
    function: Callable[[Task], Result], tasks: Sequence[Task], executor: Any
) -> Iterator[Result]:
    if executor is None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from _results(function, tasks, pool)
        return
    if isinstance(executor, Executor):
        futures = deque(executor.submit(function, task) for task in tasks)
    else:
        futures = deque(executor.map(function, tasks, pure=False, retries=RETRIES))
    try:
        while futures:
            yield futures.popleft().result()
    finally:
        for future in futures:
            future.cancel()


def process_pool(workers: int | None = None) -> ProcessPoolExecutor:
    """Return a pool of processes that end with the one that has made it.

    Those of a plain pool wait for ever once their parent has been killed.

    Parameters
    ----------
    workers : int, optional
        How many; by default as many as there are cores.

    Examples
    --------
    >>> with process_pool(2) as pool:
    ...     list(map_tasks(abs, [-1, 2, -3], executor=pool))
    [1, 2, 3]
    """
    if workers is not None:
        workers = checked_integer("workers", workers, at_least=1, at_most=10_000)
    return ProcessPoolExecutor(workers or os.cpu_count(), initializer=end_with_parent)


def end_with_parent() -> None:
    """Let this process end as soon as the one that has started it is gone, however that ended.

    It does nothing in a process that ``multiprocessing`` has not started.

    Examples
    --------
    >>> end_with_parent()
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os._exit(1)
