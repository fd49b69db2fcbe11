// What the page of a run knows of it.

import type {
  DatasetSummary,
  ModelSummary,
  RunEvent,
  FinalStats,
  Progress,
  ResourceUsage,
  TrainingStart,
} from "../events/event_types";
import type { Series } from "./curves/curve_types";
import type { Recalibration } from "./recalibration/recalibration_types";
import type { Epochs } from "./curves/epochs.js";

export interface Best {
  epoch: number | null;
  value: number | null;
  val_recall: number | null;
  val_recall_epoch: number | null;
  val_loss: number | null;
  val_loss_epoch: number | null;
}

// Of the run's own row in the database, how far it has come; `fraction` stands in for the steps.
export interface ProgressSummary {
  epoch: number | null;
  max_epochs: number;
  fraction: number | null;
}

// What carried out the attempts from `attempt` on; the reference of the file metadata.json says what each part is.
export interface Execution {
  attempt: number;
  accelerator: string;
  device: string;
  processes: number;
  nodes: number;
  precision: string;
  compute_type: string;
  evaluation_precision: string;
  tf32_convolutions: boolean;
  tf32_products: boolean;
  threads: number;
  loader_processes: number;
  batch_size: number;
  samples_per_step: number;
  deterministic: boolean;
  sync_batchnorm: boolean;
  loss_weights: number[] | null;
  versions: Record<string, string>;
}

// How often the run's test split was looked at.
export interface TestSplit {
  identity: string;
  looks: number;
  runs: number;
  folds: number;
  order: number | null;
  first: string;
  best_of: number | null;
  text: string;
}

// A decision about the run's threshold; of a withdrawal `rule` and `threshold` are null.
export interface SavedOperatingPoint {
  rule: string | null;
  number: number | null;
  label: string;
  threshold: number | null;
  log_odds: number | null;
  summary: string;
  origin: string;
  decided: string;
  at: string;
  reason: string;
  splits: Record<string, Record<string, number | null>>;
  shifts: { text: string }[];
}

// As GET /api/runs/<id>/ answers; only what the page reads.
export interface RunDetail {
  id: number;
  status: string;
  reason: string | null;
  queue_position: number | null;
  estimated_start: string | null;
  waits_for: string | null;
  queued_at: string | null;
  attempt: number;
  stop_request: string | null;
  last_checkpoint: string | null;
  start_time: string | null;
  attempt_start: string | null;
  spent_seconds: number;
  duration_seconds: number | null;
  progress: ProgressSummary & Partial<Progress>;
  total_epochs: number | null;
  best: Best;
  experiment_name: string;
  description: string;
  revision: number;
  revised_by: string | null;
  revised_at: string | null;
  notes: { code: string; text: string }[];
  tags: string[];
  execution: Execution[];
  recalibration: Recalibration | null;
  operating_point: SavedOperatingPoint | null;
  test_split: TestSplit | null;
  deleted_at: string | null;
  source_path: string;
  model_name: string;
  dataset: DatasetSummary | null;
  model: ModelSummary | null;
  monitor: string;
  config: { callbacks?: { mode?: string } } | null;
  links: Record<string, string>;
}

// As GET /api/runs/<id>/snapshot/ answers: the state after event `last_seq`.
export interface Snapshot {
  run: RunDetail;
  last_seq: number;
  training_start: TrainingStart | null;
  progress: Progress | null;
  step: number;
  learning_rate: number | null;
  finals: Record<string, FinalStats>;
  counts: Record<string, number>;
  series: Series[];
  events: RunEvent[];
}

export type AnyProgress = Partial<Progress> & Partial<ProgressSummary>;

export interface RunState {
  status: string;
  reason: string | null;
  queuePosition: number | null;
  estimatedStart: string | null;
  waitsFor: string | null;
  queuedAt: string | null;
  attempt: number;
  stopRequest: string | null;
  lastCheckpoint: string | null;
  startTime: string | null;
  attemptStart: string | null;
  spent: number; // seconds in attempts that are over
  duration: number | null;
  progress: AnyProgress | null;
  maxEpochs: number;
  epochsDone: number;
  best: Best;
  bestEpoch: number | null;
  described: { name: string; description: string; revision: number; by: string | null; at: string | null };
  notes: { code: string; text: string }[];
  tags: string[];
  execution: Execution[];
  recalibration: Recalibration | null;
  operatingPoint: SavedOperatingPoint | null;
  testSplit: TestSplit | null;
  deleted: boolean; // or no longer shown to the reader
  goneAs: string; // then: gone (deleted), withdrawn or missing, as the state of the connection
  asked: { data: string; model: string }; // until the training says what it found
  dataset: DatasetSummary | null;
  model: ModelSummary | null;
  monitor: string;
  mode: string;
  files: string;
  epochs: Epochs;
  step: number;
  stepsPerEpoch: number | null;
  rate: number | null;
  resumes: { attempt: number; epoch: number; time: number }[]; // attempts that continued after an epoch
  stop: { epoch: number; time: number } | null; // early stopping
  usage: ResourceUsage | null; // the newest measurement of the machine
  finals: Map<string, FinalStats>;
  lastMoment: string | null; // of the newest event
  heardAt: number; // when it arrived, by the browser's clock
}
