import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { PauseBehavior } from '../recording-control/representations.ts';
import type { Clock } from '../shared/clock.ts';
import { TABLE } from '../shared/contract.ts';
import { describeError, StoreUnavailableError } from '../shared/errors.ts';
import type { Consent, ConsentAnswer } from './consent.ts';
import type { EndedRecordings } from './ended-early.ts';
import {
  type CallEvent,
  type CallState,
  type CallSummary,
  type Command,
  type CommandedStatus,
  type CommandState,
  ending,
  merge,
  type Order,
  type RecordingState,
  summarize,
  type Unrecorded,
} from './merge.ts';
import type {
  Applied,
  CallFacts,
  CallRowState,
  CallStore,
  Claim,
  ClaimOptions,
  CommandTurn,
  KnownCall,
  SweepStore,
} from './store.ts';

/*
 * One call's items share its CallSid: `CALL`, the summary that operators list and the lease of whoever is about to
 * create a recording; `RECORDING#<RecordingSid>`, what is known of each recording; `EVENT#<time>#<id>`, the audit
 * trail. One more item says up to when the sweep has looked for calls. Every write is conditional on the version that was read, and the summary is computed from all recordings, so
 * writers that race with each other end with the same rows whatever their order.
 */

const { call: CALL, recording: RECORDING, event: EVENT } = TABLE.items;
/** Both keys of the item that belongs to no call. */
const SWEEP = 'SWEEP';
/** DynamoDB's limit for one BatchGetItem. */
const BATCH = 100;
/** Before what DynamoDB left out of a batch is asked for again. */
const PAUSE_WHEN_THROTTLED_MILLISECONDS = 100;
const MAXIMUM_RACES = 8;

/** What a sweep, which reads hundreds of rows, reads of each. */
const ROW_STATE = projection([
  TABLE.partitionKey,
  'Final',
  'RecordingSid',
  'Reason',
  'Ended',
  'CommandNumber',
  'CommandedStatus',
  'CommandedPauseBehavior',
  'CommandConfirmed',
  'CommandedAt',
  'Consent',
  'Ordered',
  'RecordingCount',
  'RecordedUntil',
  'EndedEarly',
  'UpdatedAt',
]);

type Attributes = Record<string, unknown>;

interface CommandAttributes {
  readonly CommandNumber?: number;
  readonly CommandedStatus?: CommandedStatus;
  readonly CommandedPauseBehavior?: PauseBehavior;
  readonly CommandConfirmed?: boolean;
  readonly CommandedAt?: string;
}

interface ConsentAttributes {
  readonly Consent?: ConsentAnswer;
  readonly ConsentTextVersion?: string;
  readonly ConsentDigit?: string;
  readonly ConsentAt?: string;
}

interface OrderAttributes {
  readonly OrderNumber?: number;
  readonly Ordered?: Order['action'];
}

interface CallRow extends Attributes, CommandAttributes, ConsentAttributes, OrderAttributes {
  readonly Version?: number;
  readonly LeaseOwner?: string;
  readonly LeaseExpiresAt?: number;
  /** Claims that nobody gave back. */
  readonly Claims?: number;
  readonly Creates?: number;
  readonly CreateUncertain?: boolean;
  readonly CreateGivenUpAt?: number;
  readonly CreateDoubtful?: boolean;
  readonly InProgressSince?: number;
  readonly RecordingSid?: string;
  readonly Reason?: string;
  readonly Answered?: boolean;
  readonly ErrorCode?: number;
  readonly Final?: boolean;
  readonly Ended?: boolean;
  readonly RecordedUntil?: string;
  readonly EndedEarly?: number;
  readonly RecordingCount?: number;
  readonly UpdatedAt?: string;
  readonly Doubled?: boolean;
  readonly Unwanted?: boolean;
  readonly TaskToken?: string;
}

export interface RecordingRow extends CommandAttributes {
  readonly Version: number;
  readonly RecordingSid: string;
  readonly RecordingStatus: string;
  readonly RecordingSource?: string;
  readonly RecordingStartTime?: string;
  readonly RecordingDuration?: number;
  readonly RecordingChannels?: number;
  readonly RecordingTrack?: string;
  readonly RecordingUrl?: string;
  readonly ErrorCode?: number;
  readonly Confirmed?: true;
  readonly Surplus?: true;
}

export interface DynamoDbStoreOptions {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly tableName: string;
  readonly retentionDays: number;
  readonly clock: Clock;
  /** A name that nothing else has. */
  readonly newId: () => string;
}

/** The table of calls in DynamoDB. */
export function dynamoDbStore({
  client,
  tableName,
  retentionDays,
  clock,
  newId,
}: DynamoDbStoreOptions): CallStore & SweepStore {
  const key = (callSid: string, item: string): Record<string, AttributeValue> => ({
    [TABLE.partitionKey]: { S: callSid },
    [TABLE.sortKey]: { S: item },
  });
  const expiresAt = (): number => Math.floor(clock.now() / 1000) + retentionDays * 86_400;
  const isoNow = (): string => new Date(clock.now()).toISOString();

  /** Attributes that a call's row gets once, whoever writes it first. */
  function birth(call: CallFacts): Attributes {
    const createdAt = isoNow();
    return {
      AccountSid: call.accountSid,
      From: call.from,
      To: call.to,
      Direction: call.direction,
      Origin: call.origin ?? 'webhook',
      CreatedAt: createdAt,
      [TABLE.callsByDay.partitionKey]: `${createdAt.slice(0, 10)}#${shardOf(call.callSid)}`,
      [TABLE.timeToLive]: expiresAt(),
    };
  }

  async function readCall(callSid: string): Promise<CallRow | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: key(callSid, CALL), ConsistentRead: true }),
    );
    return Item && unmarshall(Item);
  }

  async function readRecordings(callSid: string): Promise<RecordingRow[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        ConsistentRead: true,
        KeyConditionExpression: '#pk = :callSid AND begins_with(#sk, :prefix)',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
        ExpressionAttributeValues: marshall({ ':callSid': callSid, ':prefix': RECORDING }),
      }),
    );
    return Items.map((item) => unmarshall(item) as RecordingRow);
  }

  async function claim(
    call: CallFacts,
    owner: string,
    leaseUntilMilliseconds: number,
    { again = false, consentNeeded = false }: ClaimOptions = {},
  ): Promise<Claim> {
    const now = clock.now();
    const allowed = consentNeeded ? 'Consent = :given' : 'attribute_not_exists(Consent) OR Consent = :given';
    try {
      const { Attributes: before } = await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: key(call.callSid, CALL),
          ...updateOf({
            set: { LeaseOwner: owner, LeaseExpiresAt: leaseUntilMilliseconds },
            setOnce: { ...birth(call), RecordingStatus: 'starting' },
            increment: 'Claims',
            condition: `(attribute_not_exists(RecordingSid)${again ? ' OR Ended = :ended' : ''}) AND (${allowed}) AND (attribute_not_exists(LeaseOwner) OR LeaseExpiresAt < :now OR LeaseOwner = :owner)`,
            values: {
              ':now': now,
              ':owner': owner,
              ':given': 'given' satisfies ConsentAnswer,
              ...(again && { ':ended': true }),
            },
          }),
          ReturnValues: 'ALL_OLD',
        }),
      );
      const row: CallRow = before ? unmarshall(before) : {};
      // A lease that ran out was never given back: its holder died, perhaps between a create and its answer. One of our
      // own is from an attempt at this very request whose answer was lost, and may hide another's.
      const own = row.LeaseOwner === owner ? 1 : 0;
      const abandoned = (row.Claims ?? 0) > own;
      return {
        kind: 'claimed',
        progress: {
          creates: row.Creates ?? 0,
          uncertain: abandoned || row.CreateUncertain === true,
          givenUpAt: abandoned ? undefined : row.CreateGivenUpAt,
          doubtful: abandoned || row.CreateDoubtful === true,
          inProgressSince: row.InProgressSince,
        },
      };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw error;
      }
      let row: CallRow | undefined;
      try {
        row = await readCall(call.callSid);
      } catch {
        // Refused is refused, whatever cannot be read of why: whoever comes back later may learn it.
        return { kind: 'held', untilMilliseconds: leaseUntilMilliseconds };
      }
      if (row?.RecordingSid && !(again && row.Ended)) {
        return { kind: 'recorded', recordingSid: row.RecordingSid };
      }
      const answer = row?.Consent;
      return answer !== 'given' && (consentNeeded || answer !== undefined)
        ? { kind: 'not-allowed', answer }
        : { kind: 'held', untilMilliseconds: row?.LeaseExpiresAt ?? now };
    }
  }

  async function release(...[callSid, owner, progress]: Parameters<CallStore['release']>) {
    const isReleased = await updateCallIf(callSid, {
      set: {
        Creates: progress.creates,
        CreateUncertain: progress.uncertain || undefined,
        CreateGivenUpAt: progress.givenUpAt,
        CreateDoubtful: progress.doubtful || undefined,
        InProgressSince: progress.inProgressSince,
      },
      remove: ['LeaseOwner', 'LeaseExpiresAt', 'Claims'],
      condition: 'LeaseOwner = :owner',
      values: { ':owner': owner },
    });
    if (isReleased) {
      return undefined;
    }
    // Gone is gone, whatever cannot be read of why.
    const row = await readCall(callSid).catch(() => undefined);
    return row?.RecordingSid;
  }

  /** Returns whether the condition held. Does nothing where it did not. */
  async function updateCallIf(callSid: string, update: Update): Promise<boolean> {
    try {
      await client.send(
        new UpdateItemCommand({ TableName: tableName, Key: key(callSid, CALL), ...updateOf(update) }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw error;
      }
      return false;
    }
  }

  async function beginCommand(
    call: CallFacts,
    owner: string,
    leaseUntilMilliseconds: number,
  ): Promise<CommandTurn> {
    const now = clock.now();
    try {
      const { Attributes: after } = await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: key(call.callSid, CALL),
          ...updateOf({
            set: { CommandOwner: owner, CommandLeaseExpiresAt: leaseUntilMilliseconds },
            setOnce: call.origin === 'control' ? { ...birth(call), RecordingStatus: 'starting' } : {},
            increment: 'Commands',
            condition: `${call.origin === 'control' ? '' : 'attribute_exists(CallSid) AND '}(attribute_not_exists(CommandOwner) OR CommandLeaseExpiresAt < :now OR CommandOwner = :owner)`,
            values: { ':now': now, ':owner': owner },
          }),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return { kind: 'begun', number: Number(after && unmarshall(after).Commands) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw error;
      }
      return { kind: (await readCall(call.callSid)) === undefined ? 'unknown' : 'held' };
    }
  }

  async function endCommand(callSid: string, owner: string, heldUntilMilliseconds?: number): Promise<void> {
    await updateCallIf(callSid, {
      set: { CommandLeaseExpiresAt: heldUntilMilliseconds },
      remove: heldUntilMilliseconds === undefined ? ['CommandOwner'] : [],
      condition: 'CommandOwner = :owner',
      values: { ':owner': owner },
    });
  }

  async function apply(call: CallFacts, event: CallEvent): Promise<Applied> {
    let told = false;
    let changed = false;
    let hasBegun = false;
    let ended: string | undefined;
    for (let race = 0; race < MAXIMUM_RACES; race++) {
      // One after the other: whoever writes a recording after the row was read raises the row's version.
      const row = await readCall(call.callSid);
      const recordingRows = await readRecordings(call.callSid);
      const before = stateOf(row, recordingRows);
      const { state, effect } = merge(before, event);
      const summary = summarize(state);
      const applied: Applied = { effect, summary, unknownCall: row === undefined, taskToken: row?.TaskToken };
      const summaryAttributes = attributesOfSummary(summary);
      // A writer may have died between a recording's row and the call's.
      const summaryIsStored =
        row !== undefined && Object.entries(summaryAttributes).every(([name, value]) => row[name] === value);
      const isToBeTold = effect !== 'nothing-new' || event.type === 'command';
      try {
        if (!told && isToBeTold) {
          await tell(call.callSid, event, effect);
          told = true;
        }
        if ('recording' in event && event.recording && (effect === 'news' || effect === 'override')) {
          const { recordingSid } = event.recording;
          hasBegun ||= before.recordings[recordingSid] === undefined;
          // Also when it fails: it may have been carried out, and be refused to the SDK's own repetition.
          changed = true;
          await putRecording(
            call.callSid,
            state.recordings[recordingSid] ?? event.recording,
            versionOf(recordingRows, recordingSid),
          );
          ended = ending(recordingSid, before, state);
        }
        // Who read the recordings before this one changed must not write a summary of how they were, also when this
        // write of it failed and the summary has nothing of it: the version says so.
        if (summaryIsStored && !changed) {
          return { ...applied, ended };
        }
        // The token may have been kept since the row was read; this write and that one see each other.
        const isFirst = summary.recording !== undefined && row?.RecordingSid === undefined;
        const after = await updateCall(call, row, summaryAttributes, isFirst || hasBegun);
        return { ...applied, ended, taskToken: after.TaskToken };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) {
          throw error;
        }
        await clock.sleep(10 * race);
      }
    }
    throw new Error(`lost ${MAXIMUM_RACES} races for the same rows`);
  }

  async function tell(callSid: string, event: CallEvent, effect: Applied['effect']): Promise<void> {
    const item: Attributes = {
      [TABLE.partitionKey]: callSid,
      [TABLE.sortKey]: `${EVENT}${isoNow()}#${newId().slice(0, 8)}`,
      Effect: effect,
      ...(event.type === 'recording'
        ? { Type: event.source, ...attributesOfRecording(event.recording), Surplus: event.recording.surplus }
        : event.type === 'command'
          ? {
              Type: 'command',
              ...attributesOfCommand(event.command),
              RecordingSid: event.recording?.recordingSid,
            }
          : event.type === 'consent'
            ? { Type: 'consent', ...attributesOfConsent(event.consent) }
            : { Type: 'unrecorded', ...attributesOfUnrecorded(event.unrecorded) }),
      [TABLE.timeToLive]: expiresAt(),
    };
    await client.send(
      new PutItemCommand({ TableName: tableName, Item: marshall(item, { removeUndefinedValues: true }) }),
    );
  }

  async function putRecording(callSid: string, recording: RecordingState, version: number): Promise<void> {
    const item: Attributes = {
      [TABLE.partitionKey]: callSid,
      [TABLE.sortKey]: `${RECORDING}${recording.recordingSid}`,
      ...attributesOfRecording(recording),
      Confirmed: recording.confirmed,
      Surplus: recording.surplus,
      Version: version + 1,
      UpdatedAt: isoNow(),
      [TABLE.timeToLive]: expiresAt(),
    };
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: marshall(item, { removeUndefinedValues: true }),
        ConditionExpression: version === 0 ? 'attribute_not_exists(Version)' : 'Version = :version',
        ...(version !== 0 && { ExpressionAttributeValues: marshall({ ':version': version }) }),
      }),
    );
  }

  /** `endsClaim`: a recording that nobody knew of has begun, which is most likely what the call's row was claimed for. */
  async function updateCall(
    call: CallFacts,
    row: CallRow | undefined,
    summaryAttributes: Attributes,
    endsClaim: boolean,
  ): Promise<CallRow> {
    const version = row?.Version;
    const { Attributes: after } = await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: key(call.callSid, CALL),
        ...updateOf({
          set: { ...summaryAttributes, Version: (version ?? 0) + 1, UpdatedAt: isoNow() },
          setOnce: birth(call),
          remove: endsClaim
            ? [
                'LeaseOwner',
                'LeaseExpiresAt',
                'Claims',
                'CreateUncertain',
                'CreateGivenUpAt',
                'InProgressSince',
              ]
            : [],
          condition: version === undefined ? 'attribute_not_exists(Version)' : 'Version = :version',
          values: version === undefined ? {} : { ':version': version },
        }),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return after ? unmarshall(after) : {};
  }

  async function keepToken(...[callSid, taskToken]: Parameters<CallStore['keepToken']>) {
    const { Attributes: after } = await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: key(callSid, CALL),
        ...updateOf({ set: { TaskToken: taskToken }, condition: 'attribute_exists(CallSid)', values: {} }),
        ReturnValues: 'ALL_NEW',
      }),
    );
    const row: CallRow = after ? unmarshall(after) : {};
    if (row.Final === true) {
      return 'final';
    }
    if (row.Unwanted === true) {
      return 'unwanted';
    }
    return row.Doubled === true ? 'doubled' : 'open';
  }

  async function known(callSid: string): Promise<KnownCall> {
    const [row, recordingRows] = await Promise.all([readCall(callSid), readRecordings(callSid)]);
    return {
      recordings: recordingRows.map(recordingOf),
      final: row?.Final === true,
      reason: row?.Reason,
      consent: row && consentOf(row),
      order: row && orderOf(row),
      endedEarly: row?.EndedEarly,
    };
  }

  async function keepEndedEarly(callSid: string, recordingCount: number): Promise<void> {
    await updateCallIf(callSid, {
      set: { EndedEarly: recordingCount },
      condition: 'Ended = :ended',
      values: { ':ended': true },
    });
  }

  async function rowsOf(callSids: readonly string[]): Promise<ReadonlyMap<string, CallRowState>> {
    const rows = new Map<string, CallRowState>();
    let left = callSids.map((callSid) => key(callSid, CALL));
    while (left.length > 0) {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({
          RequestItems: { [tableName]: { Keys: left.slice(0, BATCH), ConsistentRead: true, ...ROW_STATE } },
        }),
      );
      for (const item of Responses?.[tableName] ?? []) {
        const row: CallRow = unmarshall(item);
        rows.set(String(row[TABLE.partitionKey]), {
          final: row.Final === true,
          recorded: row.RecordingSid !== undefined,
          reason: row.Reason,
          command: row.Ended ? undefined : commandOf(row),
          consent: row.Consent,
          ended: row.Ended ? endedOf(row) : undefined,
        });
      }
      const unprocessed = UnprocessedKeys?.[tableName]?.Keys ?? [];
      if (unprocessed.length > 0) {
        await clock.sleep(PAUSE_WHEN_THROTTLED_MILLISECONDS);
      }
      left = [...left.slice(BATCH), ...unprocessed];
    }
    return rows;
  }

  async function sweptUntil(): Promise<number | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: key(SWEEP, SWEEP), ConsistentRead: true }),
    );
    return Item && Number(unmarshall(Item).SweptUntil);
  }

  async function keepSweptUntil(milliseconds: number): Promise<void> {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: key(SWEEP, SWEEP),
        UpdateExpression: 'SET #until = :until',
        ExpressionAttributeNames: { '#until': 'SweptUntil' },
        ExpressionAttributeValues: marshall({ ':until': milliseconds }),
      }),
    );
  }

  return {
    claim: guarded(claim),
    release: guarded(release),
    beginCommand: guarded(beginCommand),
    endCommand: guarded(endCommand),
    keepToken: guarded(keepToken),
    known: guarded(known),
    apply: guarded(apply),
    keepEndedEarly: guarded(keepEndedEarly),
    rowsOf: guarded(rowsOf),
    sweptUntil: guarded(sweptUntil),
    keepSweptUntil: guarded(keepSweptUntil),
  };
}

/** What DynamoDB's client throws becomes the one error that callers and the state machine know. */
export function guarded<A extends unknown[], R>(
  operation: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await operation(...args);
    } catch (error) {
      const { name, message } = describeError(error);
      // Without the cause: the SDK's errors carry the request, and its signature with it.
      throw new StoreUnavailableError(`The table of calls could not be used: ${name}: ${message}`);
    }
  };
}

function projection(attributes: readonly string[]) {
  return {
    ProjectionExpression: attributes.map((attribute) => `#${attribute}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute])),
  };
}

function shardOf(callSid: string): number {
  return Number.parseInt(callSid.slice(-2), 16) % TABLE.callsByDay.shards;
}

const attributesOfRecording = (recording: RecordingState): Attributes => ({
  RecordingSid: recording.recordingSid,
  RecordingStatus: recording.status,
  RecordingSource: recording.source,
  RecordingStartTime: recording.startTime,
  RecordingDuration: recording.duration,
  RecordingChannels: recording.channels,
  RecordingTrack: recording.track,
  RecordingUrl: recording.url,
  ErrorCode: recording.errorCode,
  CommandNumber: recording.command?.number,
  CommandedStatus: recording.command?.status,
  CommandedPauseBehavior: recording.command?.pauseBehavior,
  CommandConfirmed: recording.command?.confirmed,
  CommandedAt: recording.command?.at,
});

const attributesOfCommand = (command: Command): Attributes => ({
  Action: command.action,
  By: command.by,
  Reason: command.reason,
  PauseBehavior: command.pauseBehavior,
  Before: command.before,
  After: command.after,
  HttpStatus: command.httpStatus,
  ErrorCode: command.errorCode,
});

const attributesOfSummary = (summary: CallSummary): Attributes => ({
  ...(summary.recording && attributesOfRecording(summary.recording)),
  RecordingStatus: summary.recordingStatus,
  RecordingCount: summary.recordingCount,
  SurplusRecordings: summary.surplusCount || undefined,
  Doubled: summary.doubled || undefined,
  Ended: summary.ended || undefined,
  RecordedUntil: summary.recordedUntil,
  Unwanted: summary.unwanted || undefined,
  Final: summary.final,
  ...(summary.consent && attributesOfConsent(summary.consent)),
  ...(summary.order && attributesOfOrder(summary.order)),
  ...(summary.unrecorded
    ? attributesOfUnrecorded(summary.unrecorded)
    : { Reason: undefined, Answered: undefined }),
});

const attributesOfUnrecorded = ({ reason, answered, errorCode }: Unrecorded): Attributes => ({
  Reason: reason,
  Answered: answered,
  ErrorCode: errorCode,
});

const attributesOfConsent = (consent: Consent): Attributes => ({
  Consent: consent.answer,
  ConsentTextVersion: consent.textVersion,
  ConsentDigit: consent.digit,
  ConsentAt: consent.at,
});

const attributesOfOrder = ({ number, action }: Order): Attributes => ({
  OrderNumber: number,
  Ordered: action,
});

const orderOf = ({ OrderNumber: number, Ordered: action }: OrderAttributes): Order | undefined =>
  number !== undefined && action !== undefined ? { number, action } : undefined;

const consentOf = (row: ConsentAttributes): Consent | undefined =>
  row.Consent && {
    answer: row.Consent,
    textVersion: row.ConsentTextVersion ?? '',
    digit: row.ConsentDigit,
    at: row.ConsentAt ?? '',
  };

export const recordingOf = (row: RecordingRow): RecordingState => ({
  recordingSid: row.RecordingSid,
  status: row.RecordingStatus,
  source: row.RecordingSource,
  startTime: row.RecordingStartTime,
  duration: row.RecordingDuration,
  channels: row.RecordingChannels,
  track: row.RecordingTrack,
  url: row.RecordingUrl,
  errorCode: row.ErrorCode,
  confirmed: row.Confirmed,
  surplus: row.Surplus,
  command: commandOf(row),
});

const endedOf = (row: CallRow): EndedRecordings => ({
  count: row.RecordingCount ?? 0,
  toldOf: row.EndedEarly,
  knownSince: Date.parse(row.UpdatedAt ?? ''),
  until: Date.parse(row.RecordedUntil ?? ''),
  consent: row.Consent,
  order: row.Ordered,
  commanded: row.CommandedStatus,
});

const commandOf = (row: CommandAttributes): CommandState | undefined =>
  row.CommandNumber !== undefined && row.CommandedStatus !== undefined
    ? {
        number: row.CommandNumber,
        status: row.CommandedStatus,
        pauseBehavior: row.CommandedPauseBehavior,
        confirmed: row.CommandConfirmed === true,
        at: row.CommandedAt ?? '',
      }
    : undefined;

function stateOf(row: CallRow | undefined, recordingRows: readonly RecordingRow[]): CallState {
  return {
    recordings: Object.fromEntries(
      recordingRows.map(recordingOf).map((recording) => [recording.recordingSid, recording]),
    ),
    ...(row?.Reason !== undefined && {
      unrecorded: { reason: row.Reason, answered: row.Answered, errorCode: row.ErrorCode },
    }),
    consent: row && consentOf(row),
    order: row && orderOf(row),
  };
}

const versionOf = (rows: readonly RecordingRow[], recordingSid: string): number =>
  rows.find((row) => row.RecordingSid === recordingSid)?.Version ?? 0;

interface Update {
  /** Attributes to set; those that are undefined are removed. */
  readonly set: Attributes;
  /** Attributes to set where the row has none yet. */
  readonly setOnce?: Attributes;
  /** A number to raise by one. */
  readonly increment?: string;
  readonly remove?: readonly string[];
  readonly condition: string;
  readonly values: Attributes;
}

/** The parts of an UpdateItem request. Every attribute name is substituted, since many are reserved words. */
function updateOf({ set, setOnce = {}, increment, remove = [], condition, values }: Update) {
  const names: Record<string, string> = {};
  const all: Attributes = { ...values };
  const named = (attribute: string): string => {
    names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  };
  const assigned = (attribute: string, value: unknown): string => {
    all[`:${attribute}`] = value;
    return `:${attribute}`;
  };
  const given = (attributes: Attributes) =>
    Object.entries(attributes).filter(([, value]) => value !== undefined);
  const assignments = [
    ...given(set).map(([name, value]) => `${named(name)} = ${assigned(name, value)}`),
    ...given(setOnce).map(
      ([name, value]) => `${named(name)} = if_not_exists(${named(name)}, ${assigned(name, value)})`,
    ),
    ...(increment === undefined
      ? []
      : [
          `${named(increment)} = if_not_exists(${named(increment)}, ${assigned('none', 0)}) + ${assigned('one', 1)}`,
        ]),
  ];
  const removals = [
    ...new Set([...remove, ...Object.keys(set).filter((name) => set[name] === undefined)]),
  ].map(named);
  return {
    UpdateExpression: [
      ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
      ...(removals.length > 0 ? [`REMOVE ${removals.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: condition,
    ExpressionAttributeNames: names,
    ...(Object.keys(all).length > 0 && { ExpressionAttributeValues: marshall(all) }),
  };
}
