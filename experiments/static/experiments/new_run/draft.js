// What was typed, stored by this tab of the browser until the run is started.

const key = `new run ${location.search}`;

export function saveDraft(texts) {
  try {
    sessionStorage.setItem(key, JSON.stringify([...texts]));
  } catch {
    // a browser without storage: what is typed lives as long as the page
  }
}

// Map of path -> text, or null.
export function loadDraft() {
  try {
    const found = JSON.parse(sessionStorage.getItem(key));
    return Array.isArray(found) ? new Map(found) : null;
  } catch {
    return null;
  }
}

export function deleteDraft() {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // there is none
  }
}
