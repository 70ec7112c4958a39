# The installed program on Debian 12:  docker build --tag graphsieve .
FROM debian:12.12-slim AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
# Debian's release pins the versions.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates make \
 && rm -rf /var/lib/apt/lists/*
COPY packages.txt requirements.txt Makefile ./
COPY scripts scripts
RUN make setup
COPY . .
RUN make install PREFIX=/opt/graphsieve

FROM debian:12.12-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      libgomp1 libhwy1 libxxhash0 libyaml-cpp0.7 libzip4 python3 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 graphsieve
COPY --from=build /src/.venv /src/.venv
COPY --from=build /opt/graphsieve /opt/graphsieve
ENV PYTHON=/src/.venv/bin/python PATH=/opt/graphsieve/bin:$PATH
USER 1000
WORKDIR /work
ENTRYPOINT ["graphsieve"]
