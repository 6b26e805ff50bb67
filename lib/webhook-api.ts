import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnIntegration,
  type CfnStage,
  HttpApi,
  HttpMethod,
  type HttpRoute,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, routesIn } from './acknowledgements.ts';

/**
 * A call makes some three requests, and Lambda runs a thousand of them at the same time at most: more than this would
 * only be refused further down.
 */
const REQUESTS_PER_SECOND = 1_000;

/**
 * Callbacks can wait: what they say is asked for where it does not come. However many there are, callers have a third, as
 * many as two callbacks a call leave them anyway.
 * Only a route that no configuration takes away may have settings of its own: API Gateway keeps them when the route goes,
 * and then refuses every later change of the stage (https://github.com/DianaIonita/serverless-api-gateway-throttling/issues/33).
 */
const CALLBACKS_PER_SECOND = Math.floor((REQUESTS_PER_SECOND * 2) / 3);

/** What was asked and what came of it; neither who asked nor what a path holds. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTime(),
    routeKey: AccessLogField.contextRouteKey(),
    status: AccessLogField.contextStatus(),
    latency: AccessLogField.contextResponseLatency(),
    integrationError: AccessLogField.contextIntegrationErrorMessage(),
    authorizerError: AccessLogField.contextAuthorizerError(),
  }),
);

export interface WebhookApiProps {
  readonly description: string;
  readonly logRetention: RetentionDays;
}

/** How callers of a route show who they are. */
export interface Authorization {
  readonly authorizer: IHttpRouteAuthorizer;
  /** Scopes of which a token has to have one. */
  readonly scopes?: string[] | undefined;
}

/** The HTTP API that Twilio and operators call. Its endpoint is known before its routes, since functions need it. */
export class WebhookApi extends Construct {
  /** Scheme and host, without a path. */
  readonly endpoint: string;
  readonly #api: HttpApi;
  readonly #stage: CfnStage;

  constructor(scope: Construct, id: string, props: WebhookApiProps) {
    super(scope, id);
    this.#api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: props.description,
      createDefaultStage: false,
    });
    const stage = this.#api.addStage('DefaultStage', {
      autoDeploy: true,
      throttle: { rateLimit: REQUESTS_PER_SECOND, burstLimit: 2 * REQUESTS_PER_SECOND },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLog', {
            retention: props.logRetention,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: ACCESS_LOG,
      },
    });
    this.#stage = stage.node.defaultChild as CfnStage;
    this.endpoint = this.#api.apiEndpoint;
  }

  /** Answers that were errors of ours. */
  serverErrors(period: Duration): IMetric {
    return this.#api.metricServerError({ period });
  }

  /** Answers the POST requests that bring callbacks with a function. */
  callbacks(id: string, path: string, handler: IFunction): void {
    const [route] = this.post(id, [path], handler);
    if (route) {
      this.#stage.routeSettings = {
        [`POST ${path}`]: {
          ThrottlingRateLimit: CALLBACKS_PER_SECOND,
          ThrottlingBurstLimit: 2 * CALLBACKS_PER_SECOND,
        },
      };
      this.#stage.node.addDependency(route);
    }
  }

  /** Answers POST requests on these paths with a function. */
  post(id: string, paths: readonly string[], handler: IFunction): readonly HttpRoute[] {
    const integration = new HttpLambdaIntegration(id, handler);
    const routes = paths.flatMap((path) =>
      this.#api.addRoutes({ path, methods: [HttpMethod.POST], integration }),
    );
    for (const route of routes) {
      acknowledge(route, 'AwsSolutions-APIG4', 'Twilio signs its webhooks, and the function verifies that.');
    }
    const made = routes.flatMap(({ node }) => node.findAll());
    for (const invoking of made.filter(CfnIntegration.isCfnIntegration)) {
      // An update that leads to an alias instead of its function would else do so before it may.
      invoking.node.addDependency(...made.filter(CfnPermission.isCfnPermission));
    }
    return routes;
  }

  /** How cdk-nag writes a route of this API in a policy. */
  routeIn(route: string): string {
    return routesIn(this.#api, route);
  }

  /** Answers requests on these paths with a function, if whoever sends them may. */
  authorized(
    id: string,
    method: HttpMethod,
    paths: readonly string[],
    handler: IFunction,
    { authorizer, scopes }: Authorization,
  ): readonly HttpRoute[] {
    const integration = new HttpLambdaIntegration(id, handler);
    return paths.flatMap((path) =>
      this.#api.addRoutes({
        path,
        methods: [method],
        integration,
        authorizer,
        ...(scopes && { authorizationScopes: scopes }),
      }),
    );
  }
}
