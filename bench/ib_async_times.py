"""Times ib_async against one gateway; prints one JSON object: connectMs and requestMs, each a list.

usage: ib_async_times.py PORT CONNECTS REQUESTS PAUSE_MS
"""

import json
import sys
import time

import ib_async


def milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def connect(port: int) -> ib_async.IB:
    ib = ib_async.IB()
    # As little as it can ask for while connecting; by default it asks for orders, executions and account values, too.
    ib.connect("127.0.0.1", port, clientId=11, timeout=4, fetchFields=ib_async.StartupFetchNONE)
    return ib


def times(port: int, connects: int, requests: int, pause_ms: int) -> dict[str, list[float]]:
    connect_ms = []
    for _ in range(connects):
        started = time.perf_counter()
        ib = connect(port)
        connect_ms.append(milliseconds_since(started))
        ib.disconnect()
        ib_async.util.sleep(0.02)

    ib = connect(port)
    stock = ib_async.Stock("AAPL", "SMART", "USD")
    request_ms = []
    for _ in range(requests):
        started = time.perf_counter()
        assert len(ib.reqContractDetails(stock)) == 1
        request_ms.append(milliseconds_since(started))
        ib_async.util.sleep(pause_ms / 1000)
    ib.disconnect()
    return {"connectMs": connect_ms, "requestMs": request_ms}


if __name__ == "__main__":
    print(json.dumps(times(*(int(argument) for argument in sys.argv[1:]))))
