import { beforeAll, expect, jest, test } from '@jest/globals';
import { ENVIRONMENT, METRICS } from '../../../lambda/shared/contract.ts';
import { powertools, type Telemetry } from '../../../lambda/shared/telemetry.ts';
import { FAULT_PROFILES, type FaultProfile } from '../../../local/faults/profile.ts';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';
import { NO_TELEMETRY } from '../../../local/no-telemetry.ts';
import { metricsIn } from '../../../local/page/emf.ts';
import { simulate, TWILIO_URL } from '../../../local/simulation/run.ts';
import { synthesizeTemplate } from '../../../local/simulation/template.ts';
import type { Key } from '../../../local/twilio-simulator/simulator.ts';
import { ownMetrics } from '../../lib/support/own-metrics.ts';
import { readable } from '../../lib/support/synthesize.ts';
import { misfortunes } from './misfortunes.ts';

/*
 * Dashboard and alarms look at metrics by their names. Here each of them is held against what the handlers, with the
 * telemetry that they have on Lambda, print in two short runs: seeded calls under faults, and what faults alone do not
 * bring about.
 */

/** What no short run makes them emit. */
const NEVER_EMITTED: Readonly<Record<string, string>> = {
  [METRICS.callTurnedAway]: 'neither recorder has a gate',
  [METRICS.webhookFailed]: 'no webhook throws that anybody knows of',
  [METRICS.rowOverdue]: 'none is processed for a quarter of an hour after its call',
};

const SEED = 2;
const CALLS = 60;
const OPT_OUT_KEY: Key = '9';
/** So many that each kind of trouble befalls some of few calls. */
const FAULTS: FaultProfile = {
  ...FAULT_PROFILES.heavy,
  stepFunctionsRefused: 0.3,
  secretUnavailable: 0.3,
  tableRefused: 0.2,
  crash: 0.02,
  voiceWebhookLost: 0.1,
  callbackLost: 0.3,
  stoppedByOthers: 0.3,
};

const printed: string[] = [];
let templates: Record<'plain' | 'asked', CloudFormationTemplate>;
let serviceName: string;
let telemetry: Telemetry;
let publish: () => Promise<void>;

beforeAll(async () => {
  const [plain, asked] = await Promise.all([
    synthesizeTemplate({ twilioApiBaseUrl: TWILIO_URL, notice: true }),
    synthesizeTemplate({
      twilioApiBaseUrl: TWILIO_URL,
      notice: true,
      environment: { LOCAL_CONSENT: 'ask', LOCAL_OPT_OUT_KEY: OPT_OUT_KEY },
    }),
  ]);
  templates = { plain, asked };
  serviceName = serviceNameIn(plain);
  const { telemetry: real, perInvocation } = powertools({ [ENVIRONMENT.serviceName]: serviceName });
  telemetry = { ...NO_TELEMETRY, count: real.count, record: real.record };
  publish = () => perInvocation(async () => undefined)({}, { awsRequestId: '1' });
}, 180_000);

test('every metric that dashboard and alarms look at is emitted in a local run', async () => {
  const output = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    await simulate({
      templates: { notice: templates.asked, noNotice: templates.plain },
      seed: SEED,
      calls: CALLS,
      faults: FAULTS,
      keys: { asks: true, optOutKey: OPT_OUT_KEY },
      telemetry,
    });
    await misfortunes({ ...templates, optOutKey: OPT_OUT_KEY, telemetry });
    await publish();
  } finally {
    output.mockRestore();
  }
  const emitted = new Set<string>(
    printed
      .join('')
      .split('\n')
      .filter((line) => line.includes(`"service":"${serviceName}"`))
      .flatMap(metricsIn)
      .map(({ metric }) => metric),
  );
  const silent = lookedAt(templates.plain).filter((name) => !emitted.has(name));
  expect(silent).toEqual(Object.keys(NEVER_EMITTED).toSorted());
}, 120_000);

/** As the functions have it in their environment. */
function serviceNameIn({ Resources }: CloudFormationTemplate): string {
  const names = Object.values(Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::Lambda::Function'
      ? [Object(Properties?.Environment).Variables[ENVIRONMENT.serviceName]]
      : [],
  );
  const [name, ...others] = new Set(names);
  expect(others).toEqual([]);
  return name;
}

/** The metrics in the dashboard's widgets and in the alarms. */
function lookedAt({ Resources }: CloudFormationTemplate): string[] {
  const found = Object.values(Resources).flatMap(({ Type, Properties }) => {
    switch (Type) {
      case 'AWS::CloudWatch::Dashboard':
        return ownMetrics(JSON.parse(String(readable(Properties?.DashboardBody))), serviceName);
      case 'AWS::CloudWatch::Alarm':
        return ownMetrics(Properties, serviceName);
      default:
        return [];
    }
  });
  return [...new Set(found)].toSorted();
}
