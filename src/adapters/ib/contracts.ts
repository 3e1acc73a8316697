// Contracts in the words of the port and in those of the vendor.
import type { Contract } from '@stoqey/ib'
import type { IbContract, IbContractDetails } from '../../ports/ib.ts'

export function toVendor({ primaryExchange, ...contract }: IbContract): Contract {
  return { ...contract, ...(primaryExchange !== undefined && { primaryExch: primaryExchange }) } as Contract
}

export function fromVendor(details: { contract: Contract } & Omit<IbContractDetails, keyof IbContract>) {
  const { primaryExch, ...contract } = details.contract
  const { longName, timeZoneId, tradingHours, liquidHours, minTick } = details
  return {
    ...contract,
    primaryExchange: primaryExch,
    longName,
    timeZoneId,
    tradingHours,
    liquidHours,
    minTick,
  }
}

/** What orders, fills and positions are about; IB fills in every field, most of them with nothing. */
export function contractOf(contract: Contract): IbContract {
  const { conId, symbol, secType, exchange, primaryExch, currency, localSymbol, tradingClass } = contract
  const { lastTradeDateOrContractMonth } = contract
  return {
    ...(conId && { conId }),
    ...(symbol && { symbol }),
    ...(secType && { secType }),
    ...(exchange && { exchange }),
    ...(primaryExch && { primaryExchange: primaryExch }),
    ...(currency && { currency }),
    ...(localSymbol && { localSymbol }),
    ...(tradingClass && { tradingClass }),
    ...(lastTradeDateOrContractMonth && { lastTradeDateOrContractMonth }),
  }
}
