import type {
  CallDetailsRepresentation,
  EventRepresentation,
  RecordingRepresentation,
  StepRepresentation,
} from '../lambda/recording-control/representations.ts';
import { consentInWords } from './consent.ts';

/** Something that happened, by whom it is told. */
export interface Moment {
  /** ISO 8601. */
  readonly at: string;
  /** Seconds after the first; undefined where the time cannot be read. */
  readonly offset: number | undefined;
  /** `table`: the audit trail; `execution`: the state machine; `twilio`: when it says that a recording began. */
  readonly who: 'table' | 'execution' | 'twilio';
  readonly what: string;
}

/** All that is known of a call in the order of time. What happened at the same time stays in the order of its source. */
export function mergedTimeline(details: CallDetailsRepresentation): Moment[] {
  const { events, executions = [], recordings } = details;
  const several = executions.length > 1;
  const told = [
    ...recordings.flatMap(beginning),
    ...executions.flatMap(({ name, history }) =>
      history.map((step) => ({
        at: step.at,
        who: 'execution' as const,
        what: `${several ? `${name}: ` : ''}${whatOfStep(step)}`,
      })),
    ),
    ...events.map((event) => ({ at: event.at, who: 'table' as const, what: whatOfEvent(event) })),
  ].toSorted((a, b) => order(a.at) - order(b.at));
  const first = order(told[0]?.at ?? '');
  return told.map((moment) => ({ ...moment, offset: offset(order(moment.at), first) }));
}

/** What has no readable time comes last. */
function order(iso: string): number {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? Number.MAX_VALUE : at;
}

const offset = (at: number, first: number): number | undefined =>
  at === Number.MAX_VALUE ? undefined : (at - first) / 1000;

const beginning = ({ recordingSid, startTime }: RecordingRepresentation) =>
  startTime
    ? [{ at: startTime, who: 'twilio' as const, what: `recording ${shortSid(recordingSid)} begins` }]
    : [];

const whatOfStep = ({ type, state, error }: StepRepresentation): string =>
  [type, state, error && `(${error})`].filter(Boolean).join(' ');

/** `command pause (news): RE12345678… in-progress -> paused, card payment, by Operator/alice`, with whatever is known of it. */
function whatOfEvent(event: EventRepresentation): string {
  const { before, after, recordingStatus, httpStatus, errorCode, by } = event;
  const subject = [
    event.recordingSid && shortSid(event.recordingSid),
    before && after ? `${before} -> ${after}` : (after ?? recordingStatus),
  ];
  const facts = [
    subject.filter(Boolean).join(' '),
    httpStatus && httpStatus >= 300 && `HTTP ${httpStatus}`,
    errorCode && `error ${errorCode}`,
    event.consent && consentInWords(event.consent),
    event.reason,
    by && `by ${nameIn(by)}`,
  ].filter(Boolean);
  const head = [event.type, event.action, event.effect && `(${event.effect})`].filter(Boolean).join(' ');
  return facts.length > 0 ? `${head}: ${facts.join(', ')}` : head;
}

/** `Operator/alice` of `arn:aws:sts::123456789012:assumed-role/Operator/alice`. */
const nameIn = (who: string): string => who.replace(/^arn:[^/]*\//, '');

/** Enough to tell the recordings of a call apart; the list of recordings has them whole. */
const shortSid = (sid: string): string => (sid.length > 12 ? `${sid.slice(0, 10)}…` : sid);
