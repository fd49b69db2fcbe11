// Light or dark as the cookie of the server's pages says; before anything is drawn, so that nothing flickers.

(() => {
  const found = /(?:^|; )theme=(light|dark)(?:;|$)/.exec(document.cookie);
  if (found) document.documentElement.dataset.theme = found[1];
})();
