import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import fc from 'fast-check';
import { wire as wireRecordingStatus } from '../../lambda/recording-status/wire.ts';
import { ENVIRONMENT } from '../../lambda/shared/contract.ts';
import type { Platform } from '../../lambda/shared/platform.ts';
import { wire as wireVoiceWebhook } from '../../lambda/voice-webhook/wire.ts';
import { voiceDocuments } from '../../lib/voice-documents.ts';
import { NO_TELEMETRY } from '../../local/no-telemetry.ts';
import { TABLE_NAME } from '../lambda/support/local-table.ts';
import { memoryTable } from '../lambda/support/memory-table.ts';
import { twilioSecret } from '../lambda/support/secrets.ts';
import { PUBLIC_BASE_URL } from '../lambda/support/webhooks.ts';
import { isGenuine } from './oracle.ts';
import { type Drawn, requests, TOKENS } from './requests.ts';

/** How many requests were answered how. */
export interface Figures {
  genuineAccepted: number;
  forgedRefused: number;
  acceptedWrongly: number;
  refusedWrongly: number;
  uncaught: number;
  serverErrors: number;
  /** Refused requests after which an execution was started, or a row written. */
  effectsOfRefused: number;
}

export interface Fuzzed {
  readonly figures: Figures;
  /** Requests by what was done to them. */
  readonly mutations: Readonly<Record<string, number>>;
  /** What was wrong, at most ten. */
  readonly findings: readonly string[];
}

const BATCH = 1_000;
const MOST_FINDINGS = 10;
/** What webhooks answer once they have accepted the signature, beside success. */
const AFTER_THE_SIGNATURE = /^the (parameters are not those|account is another)/;

type Handler = (event: Drawn['event'], requestId: string) => Promise<APIGatewayProxyStructuredResultV2>;

export interface FuzzOptions {
  readonly onProgress?: (sent: number) => void;
  /** What the recorder's secret holds. @default all that requests are signed with */
  readonly authTokens?: readonly string[];
}

/** Sends generated requests to the webhooks, as their `wire.ts` puts them together. The same seed sends the same ones. */
export async function fuzz(
  count: number,
  seed: number,
  { onProgress, authTokens = TOKENS }: FuzzOptions = {},
): Promise<Fuzzed> {
  const recorder = wired(authTokens);
  const figures: Figures = {
    genuineAccepted: 0,
    forgedRefused: 0,
    acceptedWrongly: 0,
    refusedWrongly: 0,
    uncaught: 0,
    serverErrors: 0,
    effectsOfRefused: 0,
  };
  const mutations: Record<string, number> = {};
  const findings: string[] = [];
  for (let sent = 0; sent < count; sent += BATCH) {
    const numRuns = Math.min(BATCH, count - sent);
    for (const drawn of fc.sample(requests, { numRuns, seed: seed + sent })) {
      mutations[drawn.mutation] = (mutations[drawn.mutation] ?? 0) + 1;
      const wrong = await judge(drawn, recorder, figures);
      if (wrong && findings.length < MOST_FINDINGS) {
        findings.push(`${wrong}: ${drawn.mutation}: ${JSON.stringify(drawn)}`);
      }
    }
    onProgress?.(sent + numRuns);
  }
  return { figures, mutations, findings };
}

/** Counts a request, and says what was wrong about its answer. */
async function judge(
  drawn: Drawn,
  { handlers, effects }: ReturnType<typeof wired>,
  figures: Figures,
): Promise<keyof Figures | undefined> {
  const before = effects();
  let answer: APIGatewayProxyStructuredResultV2;
  try {
    answer = await handlers[routeOf(drawn)](drawn.event, 'request');
  } catch {
    figures.uncaught += 1;
    return 'uncaught';
  }
  const { statusCode = 500, body = '' } = answer;
  const isAccepted = statusCode < 300 || AFTER_THE_SIGNATURE.test(body);
  const outcome =
    isAccepted === isGenuine(drawn, TOKENS)
      ? isAccepted
        ? 'genuineAccepted'
        : 'forgedRefused'
      : isAccepted
        ? 'acceptedWrongly'
        : 'refusedWrongly';
  figures[outcome] += 1;
  if (statusCode >= 500) {
    figures.serverErrors += 1;
    return 'serverErrors';
  }
  if (statusCode >= 300 && effects() !== before) {
    figures.effectsOfRefused += 1;
    return 'effectsOfRefused';
  }
  return outcome === 'acceptedWrongly' || outcome === 'refusedWrongly' ? outcome : undefined;
}

const routeOf = ({ url }: Drawn): Drawn['route'] =>
  url.startsWith(`${PUBLIC_BASE_URL}/voice`) ? 'voice' : 'recording-status';

function wired(authTokens: readonly string[]) {
  const table = memoryTable();
  let effects = 0;
  let ids = 0;
  const documents = voiceDocuments(
    { notice: { say: 'This call is recorded.' }, otherwise: { say: 'Goodbye.' } },
    { channels: 'dual', track: 'both', trim: 'do-not-trim' },
    PUBLIC_BASE_URL,
  );
  const SecretString = JSON.stringify(twilioSecret({ authTokens: [...authTokens] }));
  const platformWith = (settings: object): Platform => ({
    environment: {
      [ENVIRONMENT.publicBaseUrl]: PUBLIC_BASE_URL,
      [ENVIRONMENT.secretArn]: 'secret',
      [ENVIRONMENT.stateMachineArn]: 'arn:aws:states:us-east-1:123456789012:stateMachine:calls',
      [ENVIRONMENT.tableName]: TABLE_NAME,
      [ENVIRONMENT.settings]: JSON.stringify(settings),
    },
    clock: { now: Date.now, sleep: async () => undefined },
    random: () => 0.5,
    newId: () => `id-${++ids}`,
    telemetry: NO_TELEMETRY,
    secretsManager: () => ({ send: async () => ({ SecretString }) }) as never,
    stepFunctions: () =>
      ({
        send: async (command: object) => {
          if (command instanceof StartExecutionCommand) effects += 1;
          return {};
        },
      }) as never,
    dynamoDb: () =>
      ({
        send: (command: Parameters<typeof table.send>[0]) => {
          if (!command.constructor.name.startsWith('Get')) effects += 1;
          return table.send(command);
        },
      }) as never,
    http: { handle: () => Promise.reject(new Error('webhooks ask Twilio nothing')) },
  });
  const handlers: Readonly<Record<Drawn['route'], Handler>> = {
    voice: wireVoiceWebhook(platformWith({ documents, startWith: 'api', gated: false })),
    'recording-status': wireRecordingStatus(platformWith({ retentionDays: 30 })),
  };
  return { handlers, effects: () => effects };
}
