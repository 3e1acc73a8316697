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
