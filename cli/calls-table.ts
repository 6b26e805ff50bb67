import type { CallRepresentation } from '../lambda/recording-control/representations.ts';
import { styleOfStatus } from './status-style.ts';
import { type Column, renderTable } from './table.ts';
import { dateAndTime, masked } from './text.ts';

export interface CallsTableOptions {
  readonly width: number;
  /** Whether phone numbers are shown whole. */
  readonly numbers: boolean;
}

/** A line a call, in the order given. */
export const renderCalls = (
  calls: readonly CallRepresentation[],
  { width, numbers }: CallsTableOptions,
): string => renderTable(columns(numbers ? (address) => address : masked), calls, width);

type Address = (address: string) => string;

const columns = (address: Address): readonly Column<CallRepresentation>[] => [
  {
    head: 'CREATED (UTC)',
    text: ({ createdAt }) => createdAt && dateAndTime(createdAt),
    importance: 8,
  },
  { head: 'CALL', text: ({ callSid }) => callSid, importance: 10 },
  {
    head: 'RECORDING',
    text: ({ recordingStatus }) => recordingStatus,
    importance: 9,
    style: ({ recordingStatus }) => styleOfStatus(recordingStatus),
  },
  {
    head: 'SECONDS',
    text: ({ recordingDuration }) => recordingDuration?.toString(),
    importance: 4,
    align: 'right',
  },
  { head: 'FROM', text: ({ from }) => from && address(from), importance: 7, minimum: 12 },
  { head: 'TO', text: ({ to }) => to && address(to), importance: 5, minimum: 12 },
  { head: 'NOTE', text: noteOf, importance: 6, minimum: 12 },
  { head: 'DIRECTION', text: ({ direction }) => direction, importance: 1 },
  { head: 'ORIGIN', text: ({ origin }) => origin, importance: 2 },
];

/** What is out of the ordinary, and whether more is to come. */
export const noteOf = (call: CallRepresentation): string =>
  [
    ...(call.reason ? [call.reason] : []),
    ...(call.errorCode ? [`error ${call.errorCode}`] : []),
    ...(call.surplusRecordings ? [`${call.surplusRecordings} surplus`] : []),
    ...(call.endedEarly ? ['ended early'] : []),
    ...(call.final ? [] : ['open']),
  ].join(', ');
