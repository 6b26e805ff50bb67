import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AsyncInvocations } from './async-invocations.ts';
import type { InvocationResult } from './execution-environment.ts';
import type { Invoker } from './invoker.ts';
import type { Queues } from './queues.ts';
import { FUNCTION, SCHEDULE } from './resource-types.ts';
import { ACCOUNT_ID, REGION, type Stack } from './stack.ts';
import type { LogicalResource } from './template.ts';
import { Timers } from './timers.ts';

const MINUTE_MS = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  minutes: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  hours: 60 * MINUTE_MS,
};
/** What a timer can wait for. */
const LONGEST_PERIOD_MS = 2 ** 31 - 1;

const ScheduleProperties = v.strictObject({
  Name: v.optional(v.string()),
  GroupName: v.optional(v.string(), 'default'),
  Description: v.optional(v.string()),
  KmsKeyArn: v.optional(v.string()),
  ScheduleExpression: v.string(),
  // A rate is the same in every time zone.
  ScheduleExpressionTimezone: v.optional(v.string()),
  State: v.optional(v.picklist(['ENABLED', 'DISABLED']), 'ENABLED'),
  FlexibleTimeWindow: v.object({ Mode: v.literal('OFF') }),
  Target: v.strictObject({
    Arn: v.string(),
    RoleArn: v.string(),
    Input: v.optional(v.pipe(v.string(), v.check(isJson, 'Lambda takes JSON'))),
    DeadLetterConfig: v.optional(v.object({ Arn: v.optional(v.string()) })),
    RetryPolicy: v.optional(
      v.object({
        MaximumEventAgeInSeconds: v.optional(v.number(), 24 * 60 * 60),
        MaximumRetryAttempts: v.optional(v.number(), 185),
      }),
      {},
    ),
  }),
});

interface HostedSchedule {
  readonly logicalId: string;
  readonly arn: string;
  readonly periodMs: number;
  readonly enabled: boolean;
  /** Logical id. */
  readonly function: string;
  readonly functionArn: string;
  readonly input: string | undefined;
  readonly deadLetters: string | undefined;
  readonly maximumEventAgeMs: number;
  readonly maximumRetryAttempts: number;
}

export interface SchedulesOptions {
  readonly stack: Stack;
  /** Rejects when the function cannot be invoked. */
  readonly lambda: Pick<Invoker, 'invoke'>;
  readonly queues: Queues;
  /** Whether they run by themselves, or only when `run` says so. */
  readonly ticking: boolean;
}

/** The template's schedules; disposing of them ends all that they still want to do. */
export interface Schedules extends Disposable {
  /**
   * Runs a schedule now, its state notwithstanding.
   *
   * @param which logical id, or its place in the template
   * @returns what the function gave at the first attempt; when it failed, Lambda goes on trying
   * @throws Error when the template has no such schedule, or the function could not be invoked at all
   */
  run(which: string | number): Promise<InvocationResult>;
}

/**
 * Starts the schedules of a template. AWS runs a new schedule at once; here the stack counts as deployed before, and
 * the first run is one period away.
 *
 * @throws Error naming the schedule which cannot be hosted
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
 */
export function startSchedules({ stack, lambda, queues, ticking }: SchedulesOptions): Schedules {
  const timers = new Timers();
  const invocations = new AsyncInvocations(stack, lambda, queues, timers);
  const schedules = stack.resources(SCHEDULE).map((resource) => readSchedule(stack, queues, resource));
  const delivery: Delivery = { invocations, queues, timers };
  if (ticking) {
    for (const schedule of schedules) if (schedule.enabled) void tick(schedule, delivery);
  }
  return {
    run: async (which) => {
      const schedule = schedules.find((one, index) => one.logicalId === which || index === which);
      if (!schedule) throw new Error(`The template has no schedule ${which}`);
      return deliver(schedule, new Date(), delivery);
    },
    [Symbol.dispose]: () => timers[Symbol.dispose](),
  };
}

interface Delivery {
  readonly invocations: AsyncInvocations;
  readonly queues: Queues;
  readonly timers: Timers;
}

/** Runs do not wait for each other, however long they take. */
async function tick(schedule: HostedSchedule, delivery: Delivery): Promise<void> {
  for (let due = Date.now() + schedule.periodMs; ; due += schedule.periodMs) {
    await delivery.timers.wait(Math.max(0, due - Date.now()));
    // What could not be delivered is in the dead-letter queue.
    deliver(schedule, new Date(due), delivery).catch(() => undefined);
  }
}

/**
 * Invokes the function asynchronously. That it then fails is Lambda's affair: a schedule tries again, and at last sends
 * a dead letter, only when it cannot invoke. How long it waits between is not documented, only that it is ever longer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
 */
async function deliver(
  schedule: HostedSchedule,
  scheduledTime: Date,
  { invocations, queues, timers }: Delivery,
): Promise<InvocationResult> {
  const begun = Date.now();
  for (let attempt = 1; ; attempt += 1) {
    const executionId = randomUUID();
    const input = inputOf(schedule, { scheduledTime, executionId, attempt });
    try {
      return await invocations.invoke(schedule.function, input);
    } catch (error) {
      const waitMs = 1000 * 2 ** (attempt - 1);
      const exhausted =
        attempt > schedule.maximumRetryAttempts
          ? 'MaximumRetryAttempts'
          : Date.now() + waitMs - begun >= schedule.maximumEventAgeMs && 'MaximumEventAgeInSeconds';
      if (exhausted) {
        const attributes = {
          ERROR_CODE: error instanceof Error ? error.name : 'Error',
          ERROR_MESSAGE: error instanceof Error ? error.message : String(error),
          EXECUTION_ID: executionId,
          EXHAUSTED_RETRY_CONDITION: exhausted,
          IS_PAYLOAD_TRUNCATED: 'false',
          RETRY_ATTEMPTS: String(attempt - 1),
          SCHEDULED_TIME: isoSeconds(scheduledTime),
          SCHEDULE_ARN: schedule.arn,
          TARGET_ARN: schedule.functionArn,
        };
        if (schedule.deadLetters) queues.send(schedule.deadLetters, { body: input, attributes });
        throw error;
      }
      await timers.wait(waitMs);
    }
  }
}

interface Run {
  readonly scheduledTime: Date;
  readonly executionId: string;
  readonly attempt: number;
}

/** @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
function inputOf({ input, arn }: HostedSchedule, { scheduledTime, executionId, attempt }: Run): string {
  if (input === undefined) return JSON.stringify(defaultEvent(arn, scheduledTime));
  return input
    .replaceAll('<aws.scheduler.schedule-arn>', arn)
    .replaceAll('<aws.scheduler.scheduled-time>', isoSeconds(scheduledTime))
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
}

/** What a target without an Input is given, as seen in the logs of functions; it is not documented. */
function defaultEvent(scheduleArn: string, scheduledTime: Date): Record<string, unknown> {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: ACCOUNT_ID,
    time: isoSeconds(scheduledTime),
    region: REGION,
    resources: [scheduleArn],
    detail: '{}',
  };
}

/** `2022-03-22T18:59:43Z` */
function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html */
function readSchedule(stack: Stack, queues: Queues, resource: LogicalResource): HostedSchedule {
  const { logicalId } = resource;
  const refuse = (reason: string): never => {
    throw new Error(`${SCHEDULE} ${logicalId} is not hosted: ${reason}`);
  };
  const { ScheduleExpression, State, Target, GroupName } = stack.properties(resource, ScheduleProperties);
  const target = stack
    .resources(FUNCTION)
    .find((candidate) => stack.identity(candidate).attributes.Arn === Target.Arn);
  const deadLetters = Target.DeadLetterConfig?.Arn;
  if (deadLetters !== undefined && !queues.has(deadLetters))
    refuse(`the template has no queue ${deadLetters}`);
  return {
    logicalId,
    arn: `arn:aws:scheduler:${REGION}:${ACCOUNT_ID}:schedule/${GroupName}/${stack.physicalName(resource)}`,
    periodMs: periodOf(ScheduleExpression) ?? refuse(`ScheduleExpression ${ScheduleExpression}`),
    enabled: State === 'ENABLED',
    function: target?.logicalId ?? refuse(`Target.Arn: the template has no function ${Target.Arn}`),
    functionArn: Target.Arn,
    input: Target.Input,
    deadLetters,
    maximumEventAgeMs: Target.RetryPolicy.MaximumEventAgeInSeconds * 1000,
    maximumRetryAttempts: Target.RetryPolicy.MaximumRetryAttempts,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of `rate(5 minutes)`; `undefined` for what is no rate in minutes or hours that a timer can wait for. */
function periodOf(expression: string): number | undefined {
  const [, value, unit] = /^rate\((\d+) (\w+)\)$/.exec(expression) ?? [];
  const periodMs = Number(value) * (UNIT_MS[unit ?? ''] ?? 0);
  return periodMs > 0 && periodMs <= LONGEST_PERIOD_MS ? periodMs : undefined;
}
