"""Drives ib_async through everything the simulated gateway answers; prints one JSON object, exits 1 on a failed check.

usage: ib_async_tour.py PORT
"""

import datetime
import json
import logging
import sys
import time

import ib_async

complaints: list[str] = []


class Complaints(logging.Handler):
    """Keeps what ib_async logs when a message does not decode or an answer does not come."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        expected = ("Error 200", "Error 162", "Error 202", "Warning 202")
        if record.levelno >= logging.ERROR and not any(code in text for code in expected):
            complaints.append(text)
        elif "timed out" in text:
            complaints.append(text)


def trade_orders(ib: ib_async.IB, stock: ib_async.Contract) -> None:
    """A market order fills, a limit order rests and is cancelled, and another connection sees both."""

    def wait_for(trade: ib_async.Trade, status: str) -> None:
        deadline = time.monotonic() + 3
        while trade.orderStatus.status != status and time.monotonic() < deadline:
            ib.sleep(0.01)
        assert trade.orderStatus.status == status, trade

    market = ib.placeOrder(stock, ib_async.MarketOrder("BUY", 10, orderRef="market"))
    wait_for(market, "Filled")
    assert market.filled() == 10 and market.orderStatus.avgFillPrice > 0
    assert [fill.execution.side for fill in market.fills] == ["BOT"]
    ib.sleep(0.05)
    assert market.fills[0].commissionReport.commission > 0
    assert ib.positions()[0].position == 110

    limit = ib.placeOrder(stock, ib_async.LimitOrder("BUY", 5, 1.0, orderRef="limit"))
    wait_for(limit, "Submitted")
    limit.order.lmtPrice = 2.0
    ib.placeOrder(stock, limit.order)
    ib.sleep(0.05)
    assert [trade.order.lmtPrice for trade in ib.reqOpenOrders()] == [2.0]
    assert [trade.order.orderRef for trade in ib.reqAllOpenOrders()] == ["limit"]
    ib.cancelOrder(limit.order)
    wait_for(limit, "Cancelled")
    assert ib.reqAllOpenOrders() == []
    completed = {trade.order.orderRef: trade.orderStatus.status for trade in ib.reqCompletedOrders(False)}
    assert completed == {"market": "Filled", "limit": "Cancelled"}, completed
    assert [fill.execution.orderRef for fill in ib.reqExecutions()] == ["market"]

    refused = ib.placeOrder(stock, ib_async.Order(action="BUY", totalQuantity=1, orderType="MAGIC"))
    wait_for(refused, "ValidationError")
    state = ib.whatIfOrder(stock, ib_async.MarketOrder("BUY", 1))
    assert float(state.initMarginChange) > 0 and len(ib.reqExecutions()) == 1


def tour(port: int) -> dict[str, object]:
    ib = ib_async.IB()
    started = time.monotonic()
    ib.connect("127.0.0.1", port, clientId=11, timeout=4)
    connect_seconds = time.monotonic() - started

    stock = ib_async.Stock("AAPL", "SMART", "USD")
    assert ib.reqCurrentTime().tzinfo is not None
    assert len(ib.managedAccounts()) == 1
    assert ib.positions()[0].position == 100
    assert ib.portfolio()[0].contract.symbol == "AAPL"
    assert any(value.tag == "NetLiquidation" for value in ib.accountSummary())
    assert ib.openTrades() == [] and ib.fills() == []

    details = ib.reqContractDetails(stock)
    assert details[0].contract.conId == 265598 and details[0].longName == "APPLE INC"
    assert ib.qualifyContracts(stock) and stock.conId == 265598
    futures = ib.reqContractDetails(ib_async.Future("ES", exchange="CME"))
    assert len(futures) == 4
    assert len(ib.reqContractDetails(ib_async.Stock("BHP", "SMART"))) == 2
    assert ib.reqContractDetails(ib_async.Stock("NOSUCH", "SMART", "USD")) == []

    def bars(end: object, duration: str, size: str, what: str = "TRADES", form: int = 1):
        return ib.reqHistoricalData(stock, end, duration, size, what, True, formatDate=form)

    friday = datetime.datetime(2025, 6, 13, 20, 0, tzinfo=datetime.timezone.utc)
    hours = bars(friday, "2 D", "1 hour")
    assert [bar.date.strftime("%H:%M") for bar in hours[:3]] == ["09:30", "10:00", "11:00"]
    assert all(bar.date.tzinfo is not None for bar in hours)
    assert all(bar.low <= min(bar.open, bar.close) <= bar.high for bar in hours)
    assert list(bars(friday, "2 D", "1 hour")) == list(hours)
    assert len(bars(friday, "1 D", "1 min", form=2)) == 390
    days = bars(friday, "1 M", "1 day", "MIDPOINT")
    assert isinstance(days[0].date, datetime.date) and days[-1].date == friday.date()
    assert not bars(datetime.datetime(1970, 1, 5, tzinfo=datetime.timezone.utc), "1 D", "1 min")
    schedule = ib.reqHistoricalSchedule(stock, 5, friday)
    assert schedule.timeZone == "US/Eastern" and len(schedule.sessions) == 5
    assert ib.reqHeadTimeStamp(stock, "TRADES", True, 1).year == 1980

    ticker = ib.reqTickers(stock)[0]
    assert ticker.bid < ticker.ask and ticker.last > 0
    stream = ib.reqMktData(stock)
    ib.waitOnUpdate(timeout=2)
    assert stream.last > 0
    ib.cancelMktData(stock)
    live = ib.reqRealTimeBars(stock, 5, "TRADES", True)
    kept = ib.reqHistoricalData(stock, "", "1 D", "5 mins", "TRADES", True, keepUpToDate=True)
    ib.cancelRealTimeBars(live)
    ib.cancelHistoricalData(kept)

    trade_orders(ib, stock)
    ib.disconnect()
    return {
        "version": ib_async.__version__,
        "connectSeconds": round(connect_seconds, 3),
        "complaints": complaints,
    }


if __name__ == "__main__":
    logging.getLogger().addHandler(Complaints())
    logging.getLogger("ib_async").setLevel(logging.INFO)
    result = tour(int(sys.argv[1]))
    print(json.dumps(result))
    sys.exit(1 if result["complaints"] or result["connectSeconds"] > 0.5 else 0)
