import { styleText } from 'node:util';
import type {
  CallDetailsRepresentation,
  CallRepresentation,
  RecordingRepresentation,
} from '../lambda/recording-control/representations.ts';
import { noteOf } from './calls-table.ts';
import { type Compared, compare } from './comparison.ts';
import { consentInWords } from './consent.ts';
import { type Moment, mergedTimeline } from './merged-timeline.ts';
import { styleOfStatus } from './status-style.ts';
import { type Column, renderFields, renderTable } from './table.ts';
import { cut, dateAndTime, masked, printable, timeOfDay } from './text.ts';

export interface ReportOptions {
  readonly width: number;
  /** Whether phone numbers are shown whole. */
  readonly numbers: boolean;
}

/** A call, its recordings, what happened when, and whether Twilio says the same. */
export function renderReport(details: CallDetailsRepresentation, { width, numbers }: ReportOptions): string {
  const { call, recordings } = details;
  const section = (title: string, body: string): string[] => [
    `${styleText('bold', cut(title, width))}\n${body}`,
  ];
  const timeline = mergedTimeline(details);
  return [
    renderFields(fieldsOf(call, numbers ? (address) => address : masked, details), width),
    ...(recordings.length > 0
      ? section('Recordings', renderTable(RECORDING_COLUMNS, recordings, width))
      : []),
    ...(timeline.length > 0 ? section('Timeline (UTC)', renderTable(MOMENT_COLUMNS, timeline, width)) : []),
    ...section('The row, and Twilio now', renderComparison(details, width)),
  ].join('\n\n');
}

const fieldsOf = (
  call: CallRepresentation,
  address: (text: string) => string,
  { executions = [] }: CallDetailsRepresentation,
): readonly (readonly [string, string | undefined])[] => [
  ['Call', call.callSid],
  ['From', call.from && address(call.from)],
  ['To', call.to && address(call.to)],
  ['Direction', call.direction],
  ['Told by', call.origin],
  ['Created', call.createdAt && `${dateAndTime(call.createdAt)} UTC`],
  ['Updated', call.updatedAt && `${dateAndTime(call.updatedAt)} UTC`],
  ['Recording', call.recordingStatus],
  ['Consent', call.consent && consentInWords(call.consent)],
  ['Note', noteOf(call)],
  ['Execution', executions.map(({ name, status }) => `${name} ${status}`).join(', ')],
];

const RECORDING_COLUMNS: readonly Column<RecordingRepresentation>[] = [
  { head: 'RECORDING', text: ({ recordingSid }) => recordingSid, importance: 9 },
  {
    head: 'STATUS',
    text: ({ status }) => status,
    importance: 8,
    style: ({ status }) => styleOfStatus(status),
  },
  { head: 'BEGAN (UTC)', text: ({ startTime }) => startTime && dateAndTime(startTime), importance: 6 },
  { head: 'SECONDS', text: ({ duration }) => duration?.toString(), importance: 7, align: 'right' },
  { head: 'CHANNELS', text: ({ channels }) => channels?.toString(), importance: 2, align: 'right' },
  { head: 'TRACK', text: ({ track }) => track, importance: 1 },
  { head: 'SOURCE', text: ({ source }) => source, importance: 3, minimum: 10 },
  {
    head: 'NOTE',
    text: ({ surplus, errorCode }) =>
      [...(surplus ? ['surplus'] : []), ...(errorCode ? [`error ${errorCode}`] : [])].join(', '),
    importance: 5,
    minimum: 8,
  },
];

const MOMENT_COLUMNS: readonly Column<Moment>[] = [
  { head: 'TIME', text: ({ at }) => timeOfDay(at), importance: 2 },
  {
    head: 'OFFSET',
    text: ({ offset }) => (offset === undefined ? undefined : `+${offset.toFixed(3)} s`),
    importance: 3,
    align: 'right',
  },
  { head: 'WHO', text: ({ who }) => who, importance: 1 },
  { head: 'WHAT', text: ({ what }) => what, importance: 4, minimum: 30 },
];

const COMPARED_COLUMNS: readonly Column<Compared>[] = [
  { head: 'OF', text: ({ what }) => what, importance: 1, minimum: 8 },
  { head: 'ROW', text: ({ row }) => row ?? '—', importance: 3, minimum: 8 },
  { head: '', text: ({ differs }) => (differs ? '≠' : '='), importance: 4, style: styleOfDifference },
  {
    head: 'TWILIO',
    text: ({ twilio }) => twilio ?? '—',
    importance: 2,
    minimum: 8,
    style: styleOfDifference,
  },
];

function styleOfDifference({ differs }: Compared): 'red' | undefined {
  return differs ? 'red' : undefined;
}

function renderComparison(details: CallDetailsRepresentation, width: number): string {
  const { twilio } = details;
  if (!twilio) {
    return cut('The API did not say what Twilio says.', width);
  }
  if ('unavailable' in twilio) {
    return cut(`Twilio could not be asked: ${printable(twilio.unavailable)}`, width);
  }
  return renderTable(COMPARED_COLUMNS, compare(details, twilio), width);
}
