import { type Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, type HttpRoute, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface WebhookApiProps {
  readonly description: string;
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

  constructor(scope: Construct, id: string, props: WebhookApiProps) {
    super(scope, id);
    this.#api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: props.description,
    });
    this.endpoint = this.#api.apiEndpoint;
  }

  /** Answers that were errors of ours. */
  serverErrors(period: Duration): IMetric {
    return this.#api.metricServerError({ period });
  }

  /** Answers POST requests on these paths with a function. */
  post(id: string, paths: readonly string[], handler: IFunction): void {
    const integration = new HttpLambdaIntegration(id, handler);
    for (const path of paths) {
      this.#api.addRoutes({ path, methods: [HttpMethod.POST], integration });
    }
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
