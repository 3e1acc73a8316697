// An example of a strategy module for the trading bot. It shows the form, and is NOT trading advice: the rule in it is made up, and loses money.
//
//   STRATEGY_MODULES=./examples/strategy-b.example.mjs        and in the gameplan        "strategy": "B"
//
// A module exports one object, as `default` or as `strategy`, with a `name` and `decide`. It runs in a thread of its own, without the bot's
// environment variables. What it returns are wishes: the bot checks each against the gate, DRY_RUN and the gameplan's hard limits, and may send none.
// If `decide` throws, answers no list of orders, more than 100 of them, or nothing within 10 seconds, the strategy is over for the day, and
// Strategy C (cash preservation) takes its place.

/** How long before the close nothing is opened any more, and what is open is closed. */
const lastMinutesMs = 15 * 60_000

export default {
  // Letters, digits, `_`, `.` and `-`. C is taken.
  name: 'B',

  /**
   * Called every few seconds in market hours while the gateway is validated.
   *
   * `moment`: nowMs, account, positions [{ account, contract, position, own }], symbols (from the gameplan), netLiquidation (or absent),
   * prices { SPY: 601.25 }, sessionCloseMs, dryRun. Times are milliseconds since 1970. `signal` aborts when nobody waits any more.
   */
  async decide(moment, _signal) {
    const closing = moment.sessionCloseMs - moment.nowMs < lastMinutesMs
    return moment.symbols.flatMap((symbol) => {
      const held = moment.positions.find(({ contract }) => contract.symbol === symbol)
      const price = moment.prices[symbol]
      if (closing) {
        if (!held || held.own <= 0) return []
        const sell = { symbol, action: 'SELL', quantity: held.own, orderType: 'MKT', effect: 'close' }
        return [{ ...sell, note: 'the day is over' }]
      }
      // One share of each, once, and only at a price that is known.
      if (price === undefined || (held && held.position !== 0)) return []
      const limit = Math.round(price * 100) / 100
      const buy = { symbol, action: 'BUY', quantity: 1, orderType: 'LMT', lmtPrice: limit, effect: 'open' }
      return [{ ...buy, tif: 'DAY', note: 'the example buys one of each' }]
    })
  },
}
