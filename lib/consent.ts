import type { HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROUTES } from '../lambda/shared/contract.ts';
import type { AskSettings, ConsentSettings, OptOutSettings } from '../lambda/shared/settings.ts';
import { CallersFunction } from './recorder-function.ts';
import type { WebhookApi } from './webhook-api.ts';

/*
 * Neither takes part in a canary: the words that a caller hears come from one function, and what is kept as evidence of
 * them from another, and a deployment that changes both has to change them together.
 */

interface ConsentProps {
  readonly api: WebhookApi;
  readonly logRetention: RetentionDays;
  readonly environment: Record<string, string>;
}

export interface AskedConsentProps extends ConsentProps {
  readonly askSettings: AskSettings;
  readonly consentSettings: ConsentSettings;
}

/** Asks callers whether they may be recorded, and takes their answers. */
export class AskedConsent extends Construct {
  readonly ask: CallersFunction;
  readonly consent: CallersFunction;

  constructor(scope: Construct, id: string, props: AskedConsentProps) {
    super(scope, id);
    const { api, logRetention, environment } = props;
    this.ask = new CallersFunction(this, 'Ask', {
      handler: 'ask',
      description: 'Answers the voice webhook with the question whether the call may be recorded',
      aliased: false,
      logRetention,
      settings: props.askSettings,
      environment,
    });
    this.consent = new CallersFunction(this, 'Consent', {
      handler: 'consent',
      description: 'Starts the execution of a call whose caller says yes',
      aliased: false,
      logRetention,
      settings: props.consentSettings,
      environment,
    });
    const asking = api.post('Voice', [ROUTES.voice, ROUTES.voiceNext], this.ask);
    const answering = api.post('Consent', [ROUTES.consent, ROUTES.consentNext], this.consent);
    for (const { node } of asking) {
      // An update that begins to ask would else lead callers to the question a moment before there is a way to answer.
      node.addDependency(...answering);
    }
  }
}

export interface OptOutProps extends ConsentProps {
  readonly settings: OptOutSettings;
}

/** Takes the key with which callers say no during the notice. */
export class OptOut extends Construct {
  readonly optOut: CallersFunction;
  readonly routes: readonly HttpRoute[];

  constructor(scope: Construct, id: string, props: OptOutProps) {
    super(scope, id);
    const { api, logRetention, settings, environment } = props;
    this.optOut = new CallersFunction(this, 'OptOut', {
      handler: 'opt-out',
      description: 'Stops and deletes the recording of a call whose caller says no',
      aliased: false,
      logRetention,
      settings,
      environment,
    });
    this.routes = api.post('OptOut', [ROUTES.optOut, ROUTES.optOutNext], this.optOut);
  }
}
