import { styleText } from 'node:util';
import { ROUTES, STATES } from '../lambda/shared/contract.ts';
import type { HostEvent } from './host/events.ts';
import type { SimulatorEvent } from './twilio-simulator/simulator.ts';

type Style = Parameters<typeof styleText>[0];

export interface Line {
  readonly who: string;
  readonly what: string;
  readonly style?: Style;
}

/** Tells the story of calls as it happens, a line an event. */
export class Timeline {
  readonly #print: (line: string) => void;
  #begun: number | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  readonly twilio = (event: SimulatorEvent): void => this.#tell(event.at, lineOfTwilio(event));
  readonly host = (event: HostEvent): void => this.#tell(event.at, lineOfHost(event));
  /** For a host whose Twilio tells nothing: what reaches it, and what its functions have to say. */
  readonly hostAlone = (event: HostEvent): void =>
    this.#tell(event.at, lineOfHost(event) ?? lineOfTraffic(event));

  #tell(at: number, line: Line | undefined): void {
    if (line) {
      this.#begun ??= at;
      const time = ((at - this.#begun) / 1000).toFixed(3).padStart(8);
      const what = line.style ? styleText(line.style, line.what) : line.what;
      this.#print(`${time} s  ${line.who.padEnd(10)}${what}`);
    }
  }
}

export function lineOfTwilio(event: SimulatorEvent): Line | undefined {
  switch (event.type) {
    case 'call-placed':
      return { who: 'caller', what: `${event.from} calls ${event.to}: ${event.callSid}` };
    case 'webhook-sent':
      return { who: 'twilio', what: `POST ${shortened(new URL(event.url).pathname)}` };
    case 'webhook-answered':
      return {
        who: 'webhook',
        what: `${event.httpStatus ?? event.failure} after ${Math.round(event.ms)} ms`,
      };
    case 'twiml-received':
      return { who: 'twilio', what: `TwiML: ${event.verbs.map((verb) => `<${verb}>`).join(' ') || 'empty'}` };
    case 'call-status':
      return { who: 'twilio', what: `the call is ${event.status}`, style: 'bold' };
    case 'rest-answer':
      return lineOfRest(event);
    case 'recording-started':
      return { who: 'twilio', what: `recording ${event.recordingSid} begins`, style: ['bold', 'green'] };
    case 'hang-up':
      return { who: 'caller', what: `hang-up (${event.by})` };
    case 'callback-answered':
      return {
        who: 'callback',
        what: `${event.recordingStatus}: POST ${ROUTES.recordingStatus} ${event.httpStatus ?? event.failure}`,
        style: event.httpStatus === 204 ? 'green' : 'red',
      };
    case 'gathering':
      return { who: 'twilio', what: 'listens for keys' };
    case 'key-pressed':
      return { who: 'caller', what: `presses ${event.key}${event.heard ? '' : ', and nobody listens'}` };
    case 'application-error-heard':
      return { who: 'caller', what: `hears an application error: ${event.reason}`, style: 'red' };
    default:
      return undefined;
  }
}

const OPERATIONS: Readonly<Record<string, string>> = {
  CreateCallRecording: 'create the recording',
  FetchCall: 'how is the call?',
  ListCallRecording: 'which recordings are there?',
  UpdateCallRecording: 'stop the recording',
};

/** What every sweep asks, whether there are calls or not: not worth a line unless it fails. */
const OF_SWEEPS: readonly string[] = ['ListCall', 'ListIncomingPhoneNumber'];

function lineOfRest({
  operation,
  httpStatus,
  code,
}: SimulatorEvent & { type: 'rest-answer' }): Line | undefined {
  const answer = [httpStatus ?? 'no answer', ...(code === undefined ? [] : [`code ${code}`])].join(', ');
  const refused = httpStatus === undefined || httpStatus >= 300;
  if (OF_SWEEPS.includes(operation) && !refused) {
    return undefined;
  }
  return {
    who: operation in OPERATIONS ? 'recorder' : 'api',
    what: `${OPERATIONS[operation] ?? operation} -> ${answer}${code === 21220 ? ' (not in progress)' : ''}`,
    style: refused ? 'yellow' : 'green',
  };
}

export function lineOfHost(event: HostEvent): Line | undefined {
  switch (event.type) {
    case 'executionStarted':
      return { who: 'execution', what: `${event.execution} starts` };
    case 'stateEntered':
      return { who: 'execution', what: stateEntered(event.state, event.input) };
    case 'executionEnded':
      return { who: 'execution', what: event.status, style: event.status === 'SUCCEEDED' ? 'green' : 'red' };
    default:
      return undefined;
  }
}

function lineOfTraffic(event: HostEvent): Line | undefined {
  switch (event.type) {
    case 'httpRequest':
      return { who: 'request', what: `${event.method} ${shortened(event.path)}` };
    case 'httpResponse':
      return {
        who: 'webhook',
        what: `${event.status} after ${Math.round(event.ms)} ms`,
        style: event.status < 400 ? 'green' : 'red',
      };
    case 'log':
      return lineOfLog(event.line);
    default:
      return undefined;
  }
}

/** A function's own log line; the metrics between them are for CloudWatch. */
export function lineOfLog(line: string): Line | undefined {
  const { level, message, reason, remedy, error, discovered, revived } = jsonOf(line);
  const foundNothing = discovered === 0 && revived === 0;
  if (typeof message !== 'string' || foundNothing) {
    return undefined;
  }
  const details = [reason, remedy, jsonOf(JSON.stringify(error ?? {})).message].filter(Boolean);
  return {
    who: 'log',
    what: [message, ...details].join('; '),
    ...(level !== 'INFO' && { style: 'yellow' }),
  };
}

/** The call that a function's log line is about. */
export function callSidOfLog(line: string): string | undefined {
  const { callSid } = jsonOf(line);
  return typeof callSid === 'string' ? callSid : undefined;
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return { level: 'INFO', message: text };
  }
}

/** A path holds an application's URL in base64; its end is of no use to a reader. */
const shortened = (path: string): string => (path.length > 40 ? `${path.slice(0, 37)}...` : path);

function stateEntered(state: string, input: unknown): string {
  const seconds = (input as { start?: { waitSeconds?: number } }).start?.waitSeconds;
  return state === STATES.waitForAnswer && seconds !== undefined ? `${state}, ${seconds} s` : state;
}
