// The words for each reason code: what happened and what a person should do, read at three in the morning.
import type { Reason } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'

/** The texts of one reason code. */
export interface ReasonText {
  /** What happened, as a clause without a full stop: a detail may follow it. */
  readonly message: string
  /** What a person should do, `{id}` standing for the follower; absent when the manager acts by itself. */
  readonly action?: string
  /**
   * Whether the cause alone locks the gateway until a person acts. `LOCKED_OUT` and `TWOFA_TIMEOUT` lock only under
   * conditions that the login's history decides, so they say false here and `loginVerdict` answers `locked` itself.
   */
  readonly locks: boolean
}

/** A cause with what is particular to this case (a dialog's title, an exit status); never a secret. */
export interface Cause {
  readonly code: ReasonCode
  readonly detail?: string
}

export const reasonText: Readonly<Record<ReasonCode, ReasonText>> = {
  CREDENTIALS_MISSING: {
    message: 'There is no username or password to log in with',
    action:
      'Store both (npx ibgm followers credentials {id}, or PUT /api/v1/followers/{id}/credentials), or fix the secret that the record refers to.',
    locks: false,
  },
  CREDENTIALS_INCOMPLETE: {
    message: 'The secret was found but lacks the username or the password',
    action:
      'Store both anew (npx ibgm followers credentials {id}), or add the missing field (IB_USER and IB_PASS) to the secret.',
    locks: false,
  },
  VAULT_UNREACHABLE: {
    message: 'Vault cannot be reached, so there are no credentials',
    action: 'Check that Vault is up and that VAULT_ADDR is right; the launch is tried again.',
    locks: false,
  },
  VAULT_TIMEOUT: {
    message: 'Vault did not answer in time, so there are no credentials',
    action: 'Check the load and the network path of Vault; the launch is tried again.',
    locks: false,
  },
  VAULT_SEALED: {
    message: 'Vault is sealed, so there are no credentials',
    action: 'Unseal Vault; the launch is tried again.',
    locks: false,
  },
  VAULT_FORBIDDEN: {
    message: 'Vault refused access to the credentials',
    action: 'Check the policy and the age of the token, and that the secret still exists at its path.',
    locks: false,
  },
  CREDENTIALS_REJECTED: {
    message: 'IBKR rejected the username or the password',
    action:
      'Correct the stored credentials (npx ibgm followers credentials {id}); nothing is tried until they change, because IBKR locks a user after repeated failures.',
    locks: true,
  },
  LOGIN_ERROR: {
    message: 'The login ended with an error message from IBKR',
    action:
      'Read the message; an expired token only means the weekly full login, be ready to approve it on IBKR Mobile.',
    locks: false,
  },
  SESSION_REJECTED: {
    message:
      'IBKR no longer accepts the session that the gateway tried to resume; the password is not the cause',
    action:
      'None unless the account uses 2FA: a fresh login follows and must then be approved on IBKR Mobile.',
    locks: false,
  },
  AWAITING_2FA: {
    message: 'The login waits for approval of its second factor',
    action: 'Approve the login in IBKR Mobile before the deadline.',
    locks: false,
  },
  TWOFA_TIMEOUT: {
    message: 'Nobody approved the second factor in time',
    action: 'Take the phone with IBKR Mobile, then launch again (npx ibgm launch {id}).',
    locks: false,
  },
  TWOFA_DEVICE_REQUIRED: {
    message: 'The user has several second-factor devices and none was chosen',
    action:
      "Set the follower's gateway.twofaDevice to the exact text of the list's entry, then launch again (npx ibgm launch {id}).",
    locks: true,
  },
  EXISTING_SESSION: {
    message: 'Another session holds this username',
    action:
      'Log the user out elsewhere (TWS, another gateway, Client Portal, the phone), then launch again (npx ibgm launch {id}).',
    locks: true,
  },
  COMPETING_SESSION: {
    message: 'Another login of the same person receives the market data',
    action: 'End the other live login, or give each gateway a username of its own.',
    locks: false,
  },
  LOCKED_OUT: {
    message: 'IBKR makes this user wait after too many failed logins',
    action:
      'Wait for the time that IBKR names and check the password before the next launch; a 24-hour lock is lifted by telephone only.',
    locks: false,
  },
  SERVER_UNAVAILABLE: {
    message: 'IBKR does not take logins now',
    action:
      'Usually the nightly reset or maintenance: check the IBKR system status if it lasts for more than two hours.',
    locks: false,
  },
  BLOCKED_BY_DIALOG: {
    message: 'A dialog that nothing answers stands in the way of the login',
    action:
      'Switch VNC on for this follower, launch again, and answer the dialog; often an agreement that IBKR asks for once.',
    locks: false,
  },
  CONFIG_ERROR: {
    message: 'The gateway cannot start with its present image or settings',
    action:
      'Fix the setting or choose another image as the message says, then launch again (npx ibgm launch {id}).',
    locks: true,
  },
  STARTUP_TIMEOUT: {
    message: 'The gateway did not come up in time',
    action: 'Check memory and CPU of the host and read the log of the gateway; the start is tried again.',
    locks: false,
  },
  LOGIN_STALLED: {
    message: 'The login stopped making progress',
    action: 'If it happens again: look at the gateway through VNC, and at whether a 2FA request was denied.',
    locks: false,
  },
  SESSION_LOST: { message: 'The API session was lost; it is being restored', locks: false },
  HEARTBEAT_LOST: {
    message: 'The gateway no longer answers on its API; it is being recovered',
    locks: false,
  },
  UPSTREAM_LOST: {
    message: 'The gateway is up but has lost IBKR; it restores that itself',
    action: 'If it lasts beyond the reset windows: check the network of the host and the IBKR system status.',
    locks: false,
  },
  PLANNED_RESTART: { message: 'The gateway restarts as planned', locks: false },
  CONTAINER_EXITED: {
    message: 'The container of the gateway ended',
    action: 'None if it was stopped on purpose; otherwise read its last log lines. It is started again.',
    locks: false,
  },
  OUT_OF_MEMORY: {
    message: 'The gateway was killed because its memory ran out',
    action: 'Raise GATEWAY_MEMORY_MB to at least 750 MB above javaHeapMb.',
    locks: false,
  },
  CRASH_LOOP: {
    message: 'The gateway failed too often in a short time and is left alone',
    action:
      'Read the events and the log of the gateway, remove the cause, then launch again (npx ibgm launch {id}).',
    locks: true,
  },
  LOGIN_BUDGET: {
    message: 'The username has used up its allowance of logins',
    action: 'Find out why logins fail before IBKR locks the user, then launch again (npx ibgm launch {id}).',
    locks: true,
  },
  PORT_EXHAUSTED: {
    message: 'No API port is free',
    action: 'Widen PORT_RANGE_START to PORT_RANGE_END, or stop a gateway.',
    locks: false,
  },
  CLIENT_ID_EXHAUSTED: {
    message: 'No API client id is free',
    action: 'Widen CLIENT_ID_RANGE_START to CLIENT_ID_RANGE_END, or release leases.',
    locks: false,
  },
  NAME_IN_USE: {
    message: 'A container that is not ours has the name of this gateway',
    action: 'Remove or rename that container, or choose another CONTAINER_PREFIX.',
    locks: false,
  },
  NETWORK_UNSAFE: {
    message: 'The network for gateways lets its containers talk to each other',
    action: 'Remove that network or name another in GATEWAY_NETWORK; the manager makes a safe one.',
    locks: false,
  },
  IMAGE_MISSING: {
    message: 'The image of the gateway is not there and cannot be pulled',
    action: 'Check GATEWAY_IMAGE and the access of the engine to its registry.',
    locks: false,
  },
  ENGINE_UNAVAILABLE: {
    message: 'The container engine does not answer',
    action: 'Start the engine or fix DOCKER_HOST; work goes on by itself.',
    locks: false,
  },
  STORE_UNAVAILABLE: {
    message: 'The store does not answer',
    action: 'Check the database and the disk; work goes on by itself.',
    locks: false,
  },
  USERNAME_IN_USE: {
    message: 'Another gateway of this fleet uses the same username',
    action: 'Stop the other gateway, or give this follower a username of its own.',
    locks: false,
  },
  WRONG_ACCOUNT: {
    message: 'The gateway reports an account that the follower does not expect',
    action:
      'Compare its record (npx ibgm followers show {id}) with the account that was reported; correct accounts or tradingMode (npx ibgm followers patch {id} --set …) or the login (npx ibgm followers credentials {id}), and only then launch (npx ibgm launch {id}).',
    locks: true,
  },
}

/** A cause in the API's words: the message with its detail appended, and the action where there is one, with its commands for `followerId` [ID]. */
export function describeReason({ code, detail }: Cause, followerId = 'ID'): Reason {
  const { message, action } = reasonText[code]
  return {
    code,
    message: detail === undefined ? `${message}.` : `${message}: ${detail.replace(/\.$/, '')}.`,
    ...(action === undefined ? {} : { action: action.replaceAll('{id}', followerId) }),
  }
}
