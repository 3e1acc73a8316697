// The embedded store keeps the promises of the store port.
import t from 'tap'
import { storesContract } from '../../contracts/stores.ts'
import { embeddedSubject } from './subject.ts'

storesContract(t, embeddedSubject)
