// The events of a run as the browser receives them: the names and types of runs/events.py, compared by
// tests/test_event_types.py. Nothing here reaches a browser; the type checker reads it.

export type Status = "queued" | "in_progress" | "cancelling" | "completed" | "failed" | "cancelled";
export type Ending = "completed" | "failed" | "cancelled";
export type Phase = "train" | "val";
export type Split = "val" | "test";

export interface DatasetSummary {
  name: string;
  classes: string[];
  positive_class: string | null;
  sizes: Record<string, number>;
}

export interface ModelSummary {
  name: string;
  parameters: number;
  trainable: number;
}

export interface GpuUsage {
  id: string;
  name: string;
  utilisation: number | null;
  memory_used: number | null;
  memory_total: number | null;
  temperature: number | null;
}

export interface RunStatus {
  status: Status;
  previous: Status | null;
  reason: string | null;
  queue_position: number | null;
}

export interface TrainingStart {
  run_id: number;
  experiment_name: string;
  max_epochs: number;
  training_mode: string;
  resumed_from_epoch: number | null;
  total_steps: number | null;
  dataset: DatasetSummary;
  model: ModelSummary;
}

export interface BatchMetrics {
  step: number;
  batch_idx: number;
  epoch: number;
  loss: number | null;
  accuracy: number | null;
  recall: number | null;
  f1: number | null;
}

export interface GradientStats {
  step: number;
  epoch: number;
  total_norm: number | null;
  layer_norms: Record<string, number | null>;
  max_norm: number | null;
  min_norm: number | null;
  nonfinite: boolean;
}

export interface EpochMatrix {
  classes: number;
  samples: number;
  right: number;
  pairs: number;
  cells: number[];
  mistakes: number[][];
}

export interface EpochEnd {
  epoch: number;
  phase: Phase;
  metrics: Record<string, number | null>;
  timestamp: string;
  matrix: EpochMatrix | null;
}

export interface LrUpdate {
  epoch: number;
  step: number;
  learning_rate: number | null;
}

export interface EarlyStopped {
  epoch: number;
  best_metric_value: number | null;
  patience: number;
  monitor: string;
  reason: string;
}

export interface Progress {
  epoch: number;
  batch_idx: number;
  batches: number | null;
  step: number;
  total_steps: number | null;
  samples_per_second: number | null;
  eta_seconds: number | null;
  data_wait_share: number | null;
}

export interface ResourceUsage {
  cpu_cores: number | null;
  machine_cpu_cores: number | null;
  machine_cores: number | null;
  processes: number | null;
  memory_rss: number | null;
  memory_pss: number | null;
  machine_memory_used: number | null;
  machine_memory_total: number | null;
  disk_free: number | null;
  disk_total: number | null;
  gpus: GpuUsage[];
}

export interface ReliabilityPoint {
  samples: number;
  low: number;
  high: number;
  mean_score: number;
  share: number;
  ci_low: number | null;
  ci_high: number | null;
}

export interface OperatingPoint {
  rule: string;
  threshold: number | null;
  log_odds: number | null;
  reason: string | null;
  statistics: Record<string, number | null>;
}

export interface PatientStats {
  patients: number;
  mixed: number;
  confusion_matrix: number[][];
  statistics: Record<string, number | null>;
}

export interface FinalStats {
  split: Split;
  epoch: number;
  threshold: number | null;
  confusion_matrix: number[][];
  class_names: string[];
  statistics: Record<string, number | null>;
  patients: number | null;
  reliability: ReliabilityPoint[];
  operating_points: OperatingPoint[];
  split_identity: string | null;
  by_patient: PatientStats | null;
}

export interface TrainingEnd {
  run_id: number;
  status: Ending;
  best_epoch: number | null;
  best_val_recall: number | null;
  best_val_loss: number | null;
  total_epochs: number;
  duration_seconds: number;
  reason: string | null;
}

// The data of each type of event.
export interface EventData {
  run_status: RunStatus;
  training_start: TrainingStart;
  batch_metrics: BatchMetrics;
  gradient_stats: GradientStats;
  epoch_end: EpochEnd;
  lr_update: LrUpdate;
  early_stopping: EarlyStopped;
  progress: Progress;
  resource_usage: ResourceUsage;
  final_stats: FinalStats;
  training_end: TrainingEnd;
}

export type EventType = keyof EventData;

// What every event has beside its data.
export interface Envelope {
  run_id: number;
  seq: number;
  attempt: number;
  timestamp: string;
}

export type EventOf<T extends EventType> = Envelope & { type: T; data: EventData[T] };

export type RunEvent = { [T in EventType]: EventOf<T> }[EventType];

// In place of events that a slow browser was spared: their numbers, the first and the last.
export interface Skipped {
  type: "skipped";
  from: number;
  to: number;
}

export type StreamItem = RunEvent | Skipped;
