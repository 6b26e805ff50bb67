import * as v from 'valibot';
import { ENVIRONMENT } from './contract.ts';
import { EnvironmentInvalidError } from './errors.ts';

/** The environment variables of a function. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of an environment variable that the stack sets. Throws EnvironmentInvalidError. */
export function environmentVariable(name: string, environment: Environment = process.env): string {
  const value = environment[name];
  if (!value) {
    throw new EnvironmentInvalidError(`The environment variable ${name} is not set; deploy the stack again.`);
  }
  return value;
}

/** The function's settings, as the stack wrote them. Throws EnvironmentInvalidError. */
export function settings<const S extends v.GenericSchema>(
  schema: S,
  environment: Environment = process.env,
): v.InferOutput<S> {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), schema),
    environmentVariable(ENVIRONMENT.settings, environment),
  );
  if (!parsed.success) {
    throw new EnvironmentInvalidError(
      `The environment variable ${ENVIRONMENT.settings} is not valid (${parsed.issues.map((issue) => v.getDotPath(issue) ?? issue.message).join(', ')}); deploy the stack again.`,
    );
  }
  return parsed.output;
}
