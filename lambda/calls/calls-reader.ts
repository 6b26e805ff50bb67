import {
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { guarded, type RecordingRow, recordingOf } from '../recording/dynamodb-store.ts';
import type {
  CallRepresentation,
  ConsentRepresentation,
  EventRepresentation,
  RecordingRepresentation,
} from '../recording-control/representations.ts';
import { TABLE } from '../shared/contract.ts';
import { representation } from './representation.ts';

/** Where a page of calls goes on: after this one, newest first. */
export interface Position {
  readonly createdAt: string;
  readonly callSid: string;
}

export interface PageOfCalls {
  readonly calls: readonly CallRepresentation[];
  /** While there is one there may be more calls, even after a page without any. */
  readonly next?: Position | undefined;
}

export interface CallItems {
  readonly call: CallRepresentation;
  readonly recordings: readonly RecordingRepresentation[];
  readonly events: readonly EventRepresentation[];
}

/** What operators read of the table. Every method throws StoreUnavailableError when DynamoDB does not do its part. */
export interface CallsReader {
  /**
   * Calls of a day, newest first.
   *
   * @param day in UTC, as YYYY-MM-DD
   * @param status only calls whose row shows it
   */
  list(day: string, status: string | undefined, after: Position | undefined): Promise<PageOfCalls>;
  /** All that is stored of a call; undefined when it has no row. */
  details(callSid: string): Promise<CallItems | undefined>;
}

export const PAGE_SIZE = 50;

const Shown = v.optional(v.string());
const Figure = v.optional(v.number());

/** The items as the store writes them, as far as they are shown. */
const ConsentItem = { Consent: Shown, ConsentDigit: Shown, ConsentTextVersion: Shown, ConsentAt: Shown };
const CallItem = v.object({
  CallSid: v.string(),
  From: Shown,
  To: Shown,
  Direction: Shown,
  Origin: Shown,
  CreatedAt: Shown,
  UpdatedAt: Shown,
  RecordingStatus: v.optional(v.string(), 'starting'),
  RecordingSid: Shown,
  RecordingDuration: Figure,
  RecordingCount: v.optional(v.number(), 0),
  SurplusRecordings: Figure,
  EndedEarly: Figure,
  Reason: Shown,
  ErrorCode: Figure,
  Final: v.optional(v.boolean(), false),
  ...ConsentItem,
});
const EventItem = v.object({
  ...ConsentItem,
  Item: v.string(),
  Type: v.string(),
  Effect: Shown,
  RecordingSid: Shown,
  RecordingStatus: Shown,
  Reason: Shown,
  Action: Shown,
  By: Shown,
  Before: Shown,
  After: Shown,
  HttpStatus: Figure,
  ErrorCode: Figure,
});

export function callsReader(client: Pick<DynamoDBClient, 'send'>, tableName: string): CallsReader {
  const { callsByDay, items: kinds, partitionKey, sortKey } = TABLE;

  const query = guarded((command: QueryCommandInput) => client.send(new QueryCommand(command)));

  /** The newest calls of one shard, and how far down it was looked through. */
  async function ofShard(
    shard: number,
    day: string,
    status: string | undefined,
    after: Position | undefined,
  ) {
    const { Items = [], LastEvaluatedKey } = await query({
      TableName: tableName,
      IndexName: callsByDay.indexName,
      ScanIndexForward: false,
      Limit: PAGE_SIZE,
      KeyConditionExpression: `#shard = :shard${after ? ' AND #created <= :created' : ''}`,
      ...(status !== undefined && { FilterExpression: '#status = :status' }),
      ExpressionAttributeNames: {
        '#shard': callsByDay.partitionKey,
        ...(after && { '#created': callsByDay.sortKey }),
        ...(status !== undefined && { '#status': 'RecordingStatus' }),
      },
      ExpressionAttributeValues: marshall(
        { ':shard': `${day}#${shard}`, ':created': after?.createdAt, ':status': status },
        { removeUndefinedValues: true },
      ),
    });
    const calls = Items.map((item) => callOf(unmarshall(item)));
    const seenTo = LastEvaluatedKey && String(unmarshall(LastEvaluatedKey)[callsByDay.sortKey]);
    return { calls, seenTo };
  }

  return {
    async list(day, status, after) {
      const shards = await Promise.all(
        Array.from({ length: callsByDay.shards }, (_, shard) => ofShard(shard, day, status, after)),
      );
      // Below this, a shard may hold calls that were not looked at.
      const horizon =
        shards
          .map(({ seenTo }) => seenTo ?? '')
          .toSorted()
          .at(-1) ?? '';
      const complete = shards
        .flatMap(({ calls }) => calls)
        .filter((call) => (call.createdAt ?? '') > horizon && (!after || isAfter(call, after)))
        .toSorted((a, b) => (isAfter(a, positionOf(b)) ? 1 : -1));
      const calls = complete.slice(0, PAGE_SIZE);
      const last = calls.at(-1);
      if (last && complete.length > calls.length) {
        return { calls, next: positionOf(last) };
      }
      return { calls, next: horizon === '' ? undefined : { createdAt: horizon, callSid: AFTER_ALL } };
    },

    async details(callSid) {
      const items: Record<string, unknown>[] = [];
      let start: QueryCommandOutput['LastEvaluatedKey'];
      do {
        const { Items = [], LastEvaluatedKey } = await query({
          TableName: tableName,
          ConsistentRead: true,
          KeyConditionExpression: '#callSid = :callSid',
          ExpressionAttributeNames: { '#callSid': partitionKey },
          ExpressionAttributeValues: marshall({ ':callSid': callSid }),
          ExclusiveStartKey: start,
        });
        items.push(...Items.map((item) => unmarshall(item)));
        start = LastEvaluatedKey;
      } while (start);
      const of = (prefix: string) => items.filter((item) => String(item[sortKey]).startsWith(prefix));
      const [call] = of(kinds.call);
      return (
        call && {
          call: callOf(call),
          recordings: of(kinds.recording).map((item) =>
            representation(recordingOf(item as unknown as RecordingRow)),
          ),
          events: of(kinds.event).map(eventOf),
        }
      );
    },
  };
}

/** Sorts behind every CallSid, so that with it all calls of its time are still to come. */
const AFTER_ALL = '~';

const positionOf = ({ createdAt = '', callSid }: CallRepresentation): Position => ({ createdAt, callSid });

/** Whether a call comes after a position in the list, which is newest first. */
const isAfter = ({ createdAt = '', callSid }: CallRepresentation, position: Position): boolean =>
  createdAt < position.createdAt || (createdAt === position.createdAt && callSid < position.callSid);

const consentOf = (row: {
  readonly Consent?: string | undefined;
  readonly ConsentDigit?: string | undefined;
  readonly ConsentTextVersion?: string | undefined;
  readonly ConsentAt?: string | undefined;
}): ConsentRepresentation | undefined =>
  row.Consent === undefined
    ? undefined
    : {
        answer: row.Consent,
        digit: row.ConsentDigit,
        textVersion: row.ConsentTextVersion,
        at: row.ConsentAt,
      };

function callOf(item: Record<string, unknown>): CallRepresentation {
  const row = v.parse(CallItem, item);
  return {
    callSid: row.CallSid,
    from: row.From,
    to: row.To,
    direction: row.Direction,
    origin: row.Origin,
    createdAt: row.CreatedAt,
    updatedAt: row.UpdatedAt,
    recordingStatus: row.RecordingStatus,
    recordingSid: row.RecordingSid,
    recordingDuration: row.RecordingDuration,
    recordingCount: row.RecordingCount,
    surplusRecordings: row.SurplusRecordings,
    endedEarly: row.EndedEarly === undefined ? undefined : true,
    reason: row.Reason,
    errorCode: row.ErrorCode,
    final: row.Final,
    consent: consentOf(row),
  };
}

function eventOf(item: Record<string, unknown>): EventRepresentation {
  const row = v.parse(EventItem, item);
  return {
    at: row.Item.split('#')[1] ?? '',
    type: row.Type,
    effect: row.Effect,
    recordingSid: row.RecordingSid,
    recordingStatus: row.RecordingStatus,
    reason: row.Reason,
    consent: consentOf(row),
    action: row.Action,
    by: row.By,
    before: row.Before,
    after: row.After,
    httpStatus: row.HttpStatus,
    errorCode: row.ErrorCode,
  };
}
