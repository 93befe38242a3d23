// What Wirescope is called with: a list, which no shell reads. A text stands behind `=`, so that none is taken for an option.

/** Without a counterfactual there is nothing to patch from: removed edges carry their mean, which EAP can do by itself. */
export function traceArguments(model: string, clean: string, counterfactual: string, out: string): string[] {
  const other = counterfactual ? [`--counterfactual=${counterfactual}`] : ["--method=eap", "--ablation=mean"];
  return ["trace", `--model=${model}`, `--clean=${clean}`, ...other, `--out=${out}`];
}

export function runArguments(file: string): string[] {
  return ["run", file];
}

export function reportArguments(file: string, out: string): string[] {
  return ["export", file, "--format=html", `--out=${out}`];
}

export function openArguments(file: string): string[] {
  return [file];
}
