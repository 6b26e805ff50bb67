import { styleText } from 'node:util';
import { ROUTES, STATES } from '../lambda/shared/contract.ts';
import type { HostEvent } from './host/events.ts';
import type { SimulatorEvent } from './twilio-simulator/simulator.ts';

type Style = Parameters<typeof styleText>[0];

/** Tells the story of one call as it happens, a line an event. */
export class Timeline {
  readonly #print: (line: string) => void;
  #begun: number | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  readonly twilio = (event: SimulatorEvent): void => {
    switch (event.type) {
      case 'call-placed':
        return this.#tell(event.at, 'caller', `${event.from} calls ${event.to}: ${event.callSid}`);
      case 'webhook-sent':
        return this.#tell(event.at, 'twilio', `POST ${shortened(new URL(event.url).pathname)}`);
      case 'webhook-answered':
        return this.#tell(event.at, 'webhook', `${event.httpStatus ?? event.failure} after ${Math.round(event.ms)} ms`);
      case 'twiml-received':
        return this.#tell(event.at, 'twilio', `TwiML: ${event.verbs.map((verb) => `<${verb}>`).join(' ') || 'empty'}`);
      case 'call-status':
        return this.#tell(event.at, 'twilio', `the call is ${event.status}`, 'bold');
      case 'rest-answer':
        return this.#rest(event);
      case 'recording-started':
        return this.#tell(event.at, 'twilio', `recording ${event.recordingSid} begins`, ['bold', 'green']);
      case 'hang-up':
        return this.#tell(event.at, 'caller', `hang-up (${event.by})`);
      case 'callback-answered':
        return this.#tell(
          event.at,
          'callback',
          `${event.recordingStatus}: POST ${ROUTES.recordingStatus} ${event.httpStatus ?? event.failure}`,
          event.httpStatus === 204 ? 'green' : 'red',
        );
      case 'application-error-heard':
        return this.#tell(event.at, 'caller', `hears an application error: ${event.reason}`, 'red');
    }
  };

  readonly host = (event: HostEvent): void => {
    switch (event.type) {
      case 'executionStarted':
        return this.#tell(event.at, 'execution', `${event.execution} starts`);
      case 'stateEntered':
        return this.#tell(event.at, 'execution', waiting(event.state, event.input));
      case 'executionEnded':
        return this.#tell(event.at, 'execution', event.status, event.status === 'SUCCEEDED' ? 'green' : 'red');
    }
  };

  #rest({ at, operation, httpStatus, code }: SimulatorEvent & { type: 'rest-answer' }): void {
    const refused = httpStatus === undefined || httpStatus >= 300;
    const what = operation === 'CreateCallRecording' ? 'create' : operation;
    const answer = `${httpStatus ?? 'no answer'}${code === undefined ? '' : `, code ${code}`}${code === 21220 ? ': too early' : ''}`;
    this.#tell(at, 'recorder', `${what} -> ${answer}`, refused ? 'yellow' : 'green');
  }

  #tell(at: number, who: string, what: string, style?: Style): void {
    this.#begun ??= at;
    const time = ((at - this.#begun) / 1000).toFixed(3).padStart(8);
    this.#print(`${time} s  ${who.padEnd(10)}${style ? styleText(style, what) : what}`);
  }
}

/** A path holds an application's URL in base64; its end is of no use to a reader. */
const shortened = (path: string): string => (path.length > 40 ? `${path.slice(0, 37)}...` : path);

function waiting(state: string, input: unknown): string {
  const seconds = (input as { start?: { waitSeconds?: number } }).start?.waitSeconds;
  return state === STATES.waitForAnswer && seconds !== undefined ? `${state}, ${seconds} s` : state;
}
