// What is compared and how, kept in the address, so that it can be shared.

import { readAddress, writeAddress } from "./address.js";

export class State {
  constructor(onChange) {
    Object.assign(this, readAddress(location.search));
    this.onChange = onChange;
  }

  set(changes) {
    Object.assign(this, changes);
    history.replaceState(null, "", writeAddress(this));
    this.onChange();
  }
}
