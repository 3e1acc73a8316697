// The MongoDB store keeps the promises of the store port.
import t from 'tap'
import { storesContract } from '../../contracts/stores.ts'
import { gate } from '../../integration-gate.ts'
import { mongoSubject } from './subject.ts'

if (await gate(t, 'mongo')) storesContract(t, mongoSubject)
