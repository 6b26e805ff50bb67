import type { Executions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import type { TwilioSecret } from '../shared/secret.ts';
import type { StartSettings } from '../shared/settings.ts';
import { CONTROL_POLICY, type ControlDependencies } from './control.ts';
import { follow } from './executions-of-a-call.ts';
import { START_POLICY } from './start.ts';
import { startFromEnvironment } from './start-from-environment.ts';
import type { CallStore } from './store.ts';

/** What commands need of a function's environment, for each secret. */
export function controlFromEnvironment(
  platform: BasePlatform & Pick<Platform, 'http'>,
  settings: StartSettings,
  store: CallStore,
  executions: Executions,
): (secret: TwilioSecret) => ControlDependencies {
  const startWith = startFromEnvironment(platform, settings, store, {
    requestTimeout: CONTROL_POLICY.requestTimeout,
    questionTimeout: START_POLICY.questionTimeout,
  });
  return (secret) => ({
    ...startWith(secret),
    accountSid: secret.accountSid,
    follow: follow(executions, platform.telemetry),
  });
}
