import { Duration } from 'aws-cdk-lib';
import { HttpMethod, type HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { type IManagedPolicy, ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROUTES } from '../lambda/shared/contract.ts';
import type { CallsSettings, StartSettings } from '../lambda/shared/settings.ts';
import { acknowledge, wildcard } from './acknowledgements.ts';
import type { ControlSettings } from './control-settings.ts';
import { RecorderFunction } from './recorder-function.ts';
import type { Authorization, WebhookApi } from './webhook-api.ts';

export interface ControlProps {
  readonly api: WebhookApi;
  readonly access: Exclude<ControlSettings, false>;
  readonly logRetention: RetentionDays;
  readonly callsSettings: CallsSettings;
  readonly controlSettings: StartSettings;
  readonly environment: Record<string, string>;
}

/** Policies for AWS principals. */
export interface ControlPolicies {
  /** Allows to see calls and their recordings. */
  readonly read: IManagedPolicy;
  /** Allows to start, pause, resume and stop recordings, and nothing to see. */
  readonly control: IManagedPolicy;
}

/** The routes of operators: to see calls, and to control their recordings, each with a right of its own. */
export class Control extends Construct {
  /** Reads. */
  readonly calls: RecorderFunction;
  /** Commands. */
  readonly recordingControl: RecorderFunction;
  /** Left out where tokens say who may. */
  readonly policies?: ControlPolicies;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    const { api, access, logRetention, environment } = props;
    this.calls = new RecorderFunction(this, 'Calls', {
      handler: 'calls',
      description: 'Shows operators calls and their recordings',
      timeout: Duration.seconds(15),
      logRetention,
      settings: props.callsSettings,
      environment,
    });
    this.recordingControl = new RecorderFunction(this, 'RecordingControl', {
      handler: 'recording-control',
      description: 'Starts, pauses, resumes and stops recordings for operators',
      // Just below what API Gateway waits.
      timeout: Duration.seconds(29),
      logRetention,
      settings: props.controlSettings,
      environment,
    });
    const authorize = authorizations(access);
    const read = api.authorized(
      'Calls',
      HttpMethod.GET,
      [ROUTES.calls, ROUTES.call],
      this.calls,
      authorize('read'),
    );
    const control = api.authorized(
      'RecordingControl',
      HttpMethod.POST,
      [ROUTES.recordingControl],
      this.recordingControl,
      authorize('control'),
    );
    if (access === 'iam') {
      this.policies = {
        read: policy(this, 'RecorderRead', 'See calls and their recordings', read, [
          api.routeIn('GET/calls'),
          api.routeIn('GET/calls/*'),
        ]),
        control: policy(this, 'RecorderControl', 'Start, pause, resume and stop recordings', control, [
          api.routeIn('POST/calls/*'),
        ]),
      };
    }
  }
}

function authorizations(
  access: Exclude<ControlSettings, false>,
): (right: 'read' | 'control') => Authorization {
  if (access === 'iam') {
    const authorizer = new HttpIamAuthorizer();
    return () => ({ authorizer });
  }
  const { issuer, audience, readScope, controlScope } = access;
  const authorizer = new HttpJwtAuthorizer('Operators', issuer, { jwtAudience: audience });
  return (right) => ({ authorizer, scopes: [right === 'read' ? readScope : controlScope] });
}

function policy(
  scope: Construct,
  id: string,
  description: string,
  routes: readonly HttpRoute[],
  resources: readonly string[],
): ManagedPolicy {
  const allowing = new ManagedPolicy(scope, id, { description });
  for (const resource of resources) {
    acknowledge(
      allowing,
      wildcard(resource),
      'Whoever may use a route may use it on every stage, for every call.',
    );
  }
  for (const route of routes) {
    route.grantInvoke(allowing);
  }
  return allowing;
}
