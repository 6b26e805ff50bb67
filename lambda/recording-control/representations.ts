/*
 * What the control routes take and answer, as JSON: the one description for the functions that answer and for the
 * command that asks. Times are ISO 8601, durations seconds; what is not known is left out.
 */

/** What an operator can do. A command sets a state, so that repeating it is harmless. */
export const ACTIONS = ['start', 'pause', 'resume', 'stop'] as const;
export type Action = (typeof ACTIONS)[number];

/** What Twilio does with the time of a pause: fill it with silence, or leave it out of the file. */
export const PAUSE_BEHAVIORS = ['silence', 'skip'] as const;
export type PauseBehavior = (typeof PAUSE_BEHAVIORS)[number];

/** The body of `POST /calls/{callSid}/recording`. */
export interface CommandRepresentation {
  readonly action: Action;
  /** Goes with `pause`; default `silence`. */
  readonly pauseBehavior?: PauseBehavior | undefined;
  /** Kept in the audit trail. */
  readonly reason?: string | undefined;
}

/** What became of a command: the answer with 200, or 201 where a recording was started. */
export interface CommandedRepresentation {
  readonly callSid: string;
  readonly recordingSid: string;
  readonly action: Action;
  /** Statuses of the recording. */
  readonly before?: string | undefined;
  readonly after: string;
}

/** The summary of a call. */
export interface CallRepresentation {
  readonly callSid: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly direction?: string | undefined;
  /** Who told of the call first: `webhook`, `callback`, `sweep` or `control`. */
  readonly origin?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly updatedAt?: string | undefined;
  /** That of the call's recording, with `paused` as its commands left it; without one `asked`, `starting` or `unrecorded`. */
  readonly recordingStatus: string;
  readonly recordingSid?: string | undefined;
  readonly recordingDuration?: number | undefined;
  readonly recordingCount: number;
  /** How many of the recordings were one too many. */
  readonly surplusRecordings?: number | undefined;
  /** The recordings ended before the call, and nobody here had ended them. */
  readonly endedEarly?: true | undefined;
  /** Why there is no recording. */
  readonly reason?: string | undefined;
  /** Twilio's. */
  readonly errorCode?: number | undefined;
  /** Whether nothing more is to come. */
  readonly final: boolean;
  /** What the caller said to being recorded, if that was asked, or said unasked. */
  readonly consent?: ConsentRepresentation | undefined;
}

export interface ConsentRepresentation {
  /** `asked`, `given`, `declined` or `withdrawn`. */
  readonly answer: string;
  /** The key; left out for silence. */
  readonly digit?: string | undefined;
  /** Names the words that the caller heard. */
  readonly textVersion?: string | undefined;
  readonly at?: string | undefined;
}

export interface RecordingRepresentation {
  readonly recordingSid: string;
  readonly status: string;
  readonly source?: string | undefined;
  readonly startTime?: string | undefined;
  readonly duration?: number | undefined;
  readonly channels?: number | undefined;
  readonly track?: string | undefined;
  readonly url?: string | undefined;
  readonly errorCode?: number | undefined;
  /** It ran beside another one of ours. */
  readonly surplus?: true | undefined;
}

/** Something that was seen or done, from the audit trail. */
export interface EventRepresentation {
  readonly at: string;
  /** `create`, `adopt`, `callback`, `verify`, `reconcile`, `withdraw`, `unrecorded`, `consent` or `command`. */
  readonly type: string;
  readonly effect?: string | undefined;
  readonly recordingSid?: string | undefined;
  readonly recordingStatus?: string | undefined;
  readonly reason?: string | undefined;
  readonly consent?: ConsentRepresentation | undefined;
  /** Of a command. */
  readonly action?: string | undefined;
  readonly by?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Twilio's answer. */
  readonly httpStatus?: number | undefined;
  readonly errorCode?: number | undefined;
}

/** `GET /calls`: newest first. While there is a cursor there may be more, even after a page without calls. */
export interface CallsRepresentation {
  readonly calls: readonly CallRepresentation[];
  readonly cursor?: string | undefined;
}

/** `GET /calls/{callSid}`. */
export interface CallDetailsRepresentation {
  readonly call: CallRepresentation;
  readonly recordings: readonly RecordingRepresentation[];
  readonly events: readonly EventRepresentation[];
  /** With `?include=executions`. */
  readonly executions?: readonly ExecutionRepresentation[] | undefined;
  /** With `?include=twilio`: what Twilio says now, or why it does not. */
  readonly twilio?: TwilioRepresentation | { readonly unavailable: string } | undefined;
}

export interface ExecutionRepresentation {
  readonly name: string;
  readonly status: string;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly history: readonly StepRepresentation[];
}

/** An event of an execution's history, such as `TaskStateEntered` of `StartRecording`. */
export interface StepRepresentation {
  readonly at: string;
  readonly type: string;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
}

export interface TwilioRepresentation {
  readonly callStatus: string;
  readonly recordings: readonly RecordingRepresentation[];
}

/** An error, as `application/problem+json`. https://www.rfc-editor.org/rfc/rfc9457 */
export interface ProblemRepresentation {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly callSid?: string | undefined;
  /** How the recording is now, as far as is known. */
  readonly recordingStatus?: string | undefined;
  readonly recordingSid?: string | undefined;
  /** What was wrong with which field. */
  readonly errors?: readonly { readonly field: string; readonly detail: string }[] | undefined;
}
