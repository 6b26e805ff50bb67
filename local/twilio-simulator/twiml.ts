import { XMLValidator } from 'fast-xml-parser';
import { KEYS, type Key } from './keys.ts';
import type { RecordingEvent, RecordingTrack } from './truth.ts';
import { type Element, readXml } from './xml.ts';

/** A document that Twilio could not carry out; `code` is one of https://www.twilio.com/docs/api/errors. */
export class InvalidTwiml extends Error {
  override readonly name = 'InvalidTwiml';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** https://www.twilio.com/docs/voice/twiml/recording; unlike the REST API it trims, and records both channels. */
export interface RecordingAttributes {
  readonly name: string | undefined;
  readonly channels: 1 | 2;
  readonly track: RecordingTrack;
  readonly trim: 'trim-silence' | 'do-not-trim';
  readonly callbackUrl: string | undefined;
  readonly callbackMethod: 'GET' | 'POST';
  readonly callbackEvents: readonly RecordingEvent[];
}

/** What the caller hears. Durations in seconds, as TwiML has them. */
export type PromptVerb =
  | { readonly verb: 'Say'; readonly text: string }
  | { readonly verb: 'Play' }
  | { readonly verb: 'Pause'; readonly seconds: number };

/** A verb after which the document goes on. */
export type InlineVerb =
  | PromptVerb
  | { readonly verb: 'Start'; readonly recordings: readonly RecordingAttributes[] }
  | { readonly verb: 'Stop'; readonly names: readonly (string | undefined)[] }
  | { readonly verb: 'Record' };

export type Verb =
  | InlineVerb
  | {
      readonly verb: 'Gather';
      readonly prompts: readonly PromptVerb[];
      /** From the end of the prompts, and again from each key. */
      readonly seconds: number;
      /** Infinite where there is no limit. */
      readonly numDigits: number;
      /** The empty string: no key does. */
      readonly finishOnKey: Key | '';
      /** `undefined`: the URL of the document. */
      readonly action: string | undefined;
      readonly method: 'GET' | 'POST';
      readonly actionOnEmptyResult: boolean;
    }
  | {
      readonly verb: 'Dial';
      readonly number: string;
      readonly seconds: number;
      readonly answerOnBridge: boolean;
      readonly action: string | undefined;
      readonly method: 'GET' | 'POST';
    }
  | { readonly verb: 'Redirect'; readonly url: string; readonly method: 'GET' | 'POST' }
  | { readonly verb: 'Hangup' }
  | { readonly verb: 'Reject' };

/** https://www.twilio.com/docs/api/errors/12100, /12200, /11750 */
const MALFORMED = 12100;
const WRONG_SCHEMA = 12200;
const TOO_LARGE = 11750;
const MAX_BYTES = 64 * 1024;

/** Most calls get one of a few documents. */
const parsed = new Map<string, readonly Verb[]>();
const MOST_PARSED = 100;

/** Reads a document into its verbs, in order. @throws InvalidTwiml */
export function parseTwiml(document: string): readonly Verb[] {
  const known = parsed.get(document);
  if (known) return known;
  const verbs = verbsOf(document);
  if (parsed.size === MOST_PARSED) parsed.clear();
  parsed.set(document, verbs);
  return verbs;
}

function verbsOf(document: string): readonly Verb[] {
  if (Buffer.byteLength(document) > MAX_BYTES) throw new InvalidTwiml(TOO_LARGE, 'TwiML of more than 64 KB');
  const checked = XMLValidator.validate(document);
  if (checked !== true) throw new InvalidTwiml(MALFORMED, checked.err.msg);
  const [root, ...others] = readXml(document);
  if (root?.name !== 'Response' || others.length > 0) {
    throw new InvalidTwiml(MALFORMED, 'the root element is not one <Response>');
  }
  return root.children.map(verb);
}

function verb(element: Element): Verb {
  const { name, attributes, text } = element;
  switch (name) {
    case 'Say':
    case 'Play':
    case 'Pause':
      return prompt(element);
    case 'Record':
    case 'Hangup':
    case 'Reject':
      return { verb: name };
    case 'Gather':
      return gather(element);
    case 'Redirect':
      if (text === '') throw new InvalidTwiml(WRONG_SCHEMA, '<Redirect> without a URL');
      return { verb: 'Redirect', url: text, method: method(element, 'method') };
    case 'Dial':
      return {
        verb: 'Dial',
        number: dialledNumber(element),
        seconds: seconds(element, 'timeout', 30),
        answerOnBridge: attributes.get('answerOnBridge') === 'true',
        action: attributes.get('action'),
        method: method(element, 'method'),
      };
    case 'Start':
      return { verb: 'Start', recordings: recordingsIn(element).map(recording) };
    case 'Stop':
      return { verb: 'Stop', names: recordingsIn(element).map((child) => child.attributes.get('name')) };
    default:
      throw new InvalidTwiml(WRONG_SCHEMA, `<${name}> is not a verb that the simulator knows`);
  }
}

function gather(element: Element): Verb {
  const { attributes, children } = element;
  oneOf(element, 'input', ['dtmf']);
  const timeout = seconds(element, 'timeout', 5);
  if (timeout === 0) throw new InvalidTwiml(WRONG_SCHEMA, '<Gather timeout="0">');
  return {
    verb: 'Gather',
    prompts: children.map(prompt),
    seconds: timeout,
    numDigits: numDigits(attributes.get('numDigits')),
    finishOnKey: oneOf(element, 'finishOnKey', ['#', ...KEYS, '']),
    action: attributes.get('action'),
    method: method(element, 'method'),
    actionOnEmptyResult: attributes.get('actionOnEmptyResult') === 'true',
  };
}

function numDigits(given: string | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidTwiml(WRONG_SCHEMA, `<Gather numDigits="${given}">`);
}

function prompt(element: Element): PromptVerb {
  const { name, text } = element;
  if (name === 'Say') return { verb: 'Say', text };
  if (name === 'Play') return { verb: 'Play' };
  if (name === 'Pause') return { verb: 'Pause', seconds: seconds(element, 'length', 1) };
  throw new InvalidTwiml(WRONG_SCHEMA, `<Gather><${name}> is nothing that TwiML knows`);
}

function dialledNumber({ children, text }: Element): string {
  const other = children.find((child) => child.name !== 'Number');
  if (other)
    throw new InvalidTwiml(WRONG_SCHEMA, `<Dial><${other.name}> is nothing that the simulator knows`);
  if (text === '') throw new InvalidTwiml(WRONG_SCHEMA, '<Dial> without a number');
  return children[0]?.text ?? text;
}

function recordingsIn({ name, children }: Element): readonly Element[] {
  const other = children.find((child) => child.name !== 'Recording');
  if (other)
    throw new InvalidTwiml(WRONG_SCHEMA, `<${name}><${other.name}> is nothing that the simulator knows`);
  return children;
}

function recording(element: Element): RecordingAttributes {
  const { attributes } = element;
  return {
    name: attributes.get('name'),
    channels: oneOf(element, 'channels', ['dual', 'mono']) === 'dual' ? 2 : 1,
    track: oneOf(element, 'track', ['both', 'inbound', 'outbound']),
    trim: oneOf(element, 'trim', ['trim-silence', 'do-not-trim']),
    callbackUrl: attributes.get('recordingStatusCallback'),
    callbackMethod: method(element, 'recordingStatusCallbackMethod'),
    callbackEvents: (attributes.get('recordingStatusCallbackEvent') ?? 'completed')
      .split(/\s+/)
      // A wrong event is only a warning (13621) in TwiML.
      .filter((event) => event === 'in-progress' || event === 'completed' || event === 'absent'),
  };
}

function seconds({ name, attributes }: Element, attribute: string, otherwise: number): number {
  const value = Number(attributes.get(attribute) ?? otherwise);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new InvalidTwiml(WRONG_SCHEMA, `<${name} ${attribute}> is not a number of seconds`);
}

function method(element: Element, attribute: string): 'GET' | 'POST' {
  return oneOf(element, attribute, ['POST', 'GET']);
}

/** The first of the values is the default. */
function oneOf<const T extends string>(
  { name, attributes }: Element,
  attribute: string,
  values: readonly [T, ...T[]],
): T {
  const given = attributes.get(attribute);
  if (given === undefined) return values[0];
  const value = values.find((candidate) => candidate === given);
  if (value === undefined) throw new InvalidTwiml(WRONG_SCHEMA, `<${name} ${attribute}="${given}">`);
  return value;
}
