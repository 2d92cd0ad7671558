"""Settings: `STEMMA_*` variables, else a TOML file, else the default."""

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from graph import arns
from graph.errors import SettingError
from graph.monitoring.published import Namespaces
from graph.reach.policy import Policy
from graph.store.provider import EmbeddedProvider, Neo4jProvider, Provider

if TYPE_CHECKING:
    from monitors.processing.shadows import Serving

CONFIG_FILE = "STEMMA_CONFIG"
DEFAULT_FILE = Path("stemma.toml")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """What a person may set; each field is the variable `STEMMA_<FIELD>` and the key `<field>` of the TOML file."""

    model_config = SettingsConfigDict(env_prefix="STEMMA_", extra="forbid", frozen=True)

    database: str = Field("embedded", description="`embedded`, or the address of a Neo4j: bolt://… or neo4j://…")
    database_user: str = Field("neo4j", description="user of that Neo4j")
    database_password: SecretStr = Field(SecretStr(""), description="password of that Neo4j")
    database_name: str = Field("neo4j", description="database of that Neo4j")
    data_dir: Path = Field(Path("data"), description="folder of the embedded database, checkpoints and keys")
    artifacts: str = Field("", description="folder of what monitors write; by default `artifacts` in the data folder")
    account: str = Field("123456789012", description="the account (tenant) of callers without a key; 12 digits")
    region: str = Field("us-east-1", description="the region in ARNs")
    host: str = Field("127.0.0.1", description="address that `stemma serve` listens on")
    port: int = Field(8440, ge=0, le=65535, description="port that `stemma serve` listens on; 0 takes a free one")
    keys: Literal["auto", "required", "off"] = Field(
        "auto",
        description="whether callers need a key: auto (once the database holds one, and beyond loopback), required, off",
    )
    secrets_key: SecretStr = Field(SecretStr(""), description="what seals keys' secrets: 32 random bytes in base64")
    secrets_key_file: Path | None = Field(
        None,
        description="file with that, mode 0600; by default `keys/secrets.key` in the data folder, made at first use",
    )
    rate: str = Field(
        "1000/second", description="how often a key may ask, such as 200/second;5000/minute; empty for no limit"
    )
    access_log_days: int = Field(365, ge=0, description="how long the access log is kept; 0 for ever")
    policy: Path | None = Field(
        None,
        description="TOML file of what the service itself may touch for each account; nothing without one",
    )
    webhook_seconds: float = Field(
        15.0, gt=0, le=120, description="how long the receiver of a webhook has to answer before it is tried again"
    )
    capture_seconds: float = Field(
        60.0, ge=0.1, le=3_600, description="how old captured data of an endpoint gets before it is brought to S3"
    )
    unsafe_loaders: str = Field(
        "",
        description="loaders of models that run code or trust a file, with commas: pickle, pyfunc, skops; none by default",
    )
    model_loaders: str = Field(
        "onnx,xgboost,lightgbm,catboost,skops",
        description="loaders that may serve the model of an analysis for its run, with commas; those of `unsafe_loaders` too",
    )
    model_commands: dict[str, list[str]] = Field(
        {},
        description="programs that serve models for a run, by their container's image, as JSON: "
        '{"my-image": ["python", "serve.py", "{model}", "{port}"]}',
    )
    allowed_hosts: list[str] = Field([], description="`Host` names answered beside the loopback ones")
    graphiql: bool = Field(False, description="serve GraphiQL and allow introspection at /graphql")
    log_level: str = Field("info", description="debug, info, warning or error")
    log_format: str = Field("auto", description="auto (text on a terminal, else JSON), text or json")
    read_seconds: float = Field(30.0, gt=0, le=600, description="longest that one read may take")
    retry_seconds: float = Field(20.0, ge=0, le=600, description="how long a lost database is tried again")
    max_body_bytes: int = Field(8_388_608, ge=1024, description="largest request body")
    scheduler: bool = Field(True, description="whether `stemma serve` and `stemma worker` look which schedules are due")
    worker_slots: int = Field(1, ge=1, le=256, description="how many runs one `stemma worker` runs at the same time")
    worker_lease_seconds: float = Field(
        30.0, ge=1, le=3_600, description="how long a worker may be silent before another one takes its runs over"
    )
    schedule_slots: int = Field(1, ge=1, le=256, description="how many runs of one schedule run at the same time")
    job_memory_mb: int = Field(4_096, ge=256, description="memory that the process of a run may take, in MB")
    job_seconds: int = Field(3_600, ge=1, description="longest that a run may take")
    job_input_bytes: int = Field(1 << 36, ge=1, description="how much a run may read")
    cloudwatch_endpoints: str = Field(
        "/aws/sagemaker/Endpoints/data-metric", description="CloudWatch's namespace of metrics of endpoints"
    )
    cloudwatch_transforms: str = Field(
        "/aws/sagemaker/ModelMonitoring/data-metric",
        description="CloudWatch's namespace of metrics of batch transforms",
    )
    job_scripts: bool = Field(
        False,
        description="whether pre- and post-processing scripts of jobs are run: code of whoever may write, as the worker's user",
    )
    dask: str | None = Field(
        default=None, description="dask scheduler that computes statistics: tcp://127.0.0.1:8786, or tls://host:8786"
    )
    dask_ca: Path | None = Field(default=None, description="certificate that signed the scheduler's, in PEM")
    dask_certificate: Path | None = Field(default=None, description="our certificate for the dask cluster, in PEM")
    dask_key: Path | None = Field(default=None, description="its key, in PEM")

    @field_validator("account")
    @classmethod
    def _account(cls, value: str) -> str:
        if arns.ACCOUNT.fullmatch(value) is None:
            raise ValueError("an account has 12 digits")
        return value

    @field_validator("region")
    @classmethod
    def _region(cls, value: str) -> str:
        if arns.REGION.fullmatch(value) is None:
            raise ValueError("a region looks like us-east-1")
        return value

    @field_validator("unsafe_loaders")
    @classmethod
    def _unsafe_loaders(cls, value: str) -> str:
        unknown = {name.strip() for name in value.split(",") if name.strip()} - {"pickle", "pyfunc", "skops"}
        if unknown:
            raise ValueError(f"there is no loader {', '.join(sorted(unknown))}; there are pickle, pyfunc, skops")
        return value

    @field_validator("model_loaders")
    @classmethod
    def _model_loaders(cls, value: str) -> str:
        known = {"onnx", "xgboost", "lightgbm", "catboost", "skops"}
        unknown = {name.strip() for name in value.split(",") if name.strip()} - known
        if unknown:
            raise ValueError(
                f"there is no loader {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}, and "
                "unsafe_loaders allows the others"
            )
        return value

    @field_validator("log_level")
    @classmethod
    def _log_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("the log level is debug, info, warning or error")
        return value.lower()

    @field_validator("log_format")
    @classmethod
    def _log_format(cls, value: str) -> str:
        if value not in ("auto", "text", "json"):
            raise ValueError("the log format is auto, text or json")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments of a command first, then variables, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def artifact_location(self) -> str:
        """Where artifacts are kept: a folder."""
        return self.artifacts or str(self.data_dir / "artifacts")

    @property
    def loaders(self) -> frozenset[str]:
        """The unsafe loaders that are allowed."""
        return frozenset(name.strip() for name in self.unsafe_loaders.split(",") if name.strip())

    @property
    def namespaces(self) -> Namespaces:
        """Of CloudWatch's metrics."""
        return Namespaces(self.cloudwatch_endpoints, self.cloudwatch_transforms)

    @property
    def serving(self) -> "Serving":
        """What may serve the model of an analysis for its run."""
        from monitors.processing.shadows import Serving

        loaders = tuple(name.strip() for name in self.model_loaders.split(",") if name.strip())
        return Serving(loaders, self.loaders, self.model_commands)

    def reach(self, *, local_user: bool = False) -> Policy:
        """What may be touched for whom.

        Args:
            local_user: Whether the caller is the user of this host who runs a command.

        Raises:
            SettingError: the policy can't be used.
        """
        return Policy.load(self.policy, local_user=local_user)

    @property
    def secrets_key_location(self) -> Path:
        """The file with the key that seals secrets."""
        return self.secrets_key_file or self.data_dir / "keys" / "secrets.key"

    @property
    def beyond_loopback(self) -> bool:
        """Whether the service listens where others reach it."""
        return self.host not in LOOPBACK

    def provider(self) -> Provider:
        """The database that these settings name.

        Raises:
            SettingError: they name none.
        """
        if self.database == "embedded":
            return EmbeddedProvider(self.data_dir.resolve())
        password = self.database_password.get_secret_value()
        return Neo4jProvider(self.database, self.database_user, password, self.database_name)


def config_file() -> Path | None:
    """The TOML file in use: what `STEMMA_CONFIG` names, else `stemma.toml` here when there is one.

    Raises:
        SettingError: `STEMMA_CONFIG` names no file.
    """
    if named := os.environ.get(CONFIG_FILE):
        if not Path(named).is_file():
            raise SettingError(f"{CONFIG_FILE} names {named}, which is no file")
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def load(**given: Any) -> Settings:
    """The settings in force; `given` are a command's own options, None for those not used.

    Raises:
        SettingError: a value can't be used; the message names the setting and its source.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"STEMMA_{name.upper()} ({source(name, given)}): {first['msg']}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{config_file()} is not TOML: {error}") from None
    except ValueError as error:
        raise SettingError(f"a STEMMA_* variable can't be read: {error}") from None


def source(name: str, given: dict[str, Any] | None = None) -> str:
    """Where a setting's value comes from: an option, a variable, the file, or the default."""
    if given and given.get(name) is not None:
        return "option"
    if f"STEMMA_{name.upper()}" in {key.upper() for key in os.environ}:
        return "environment"
    file = config_file()
    if file is not None and name in tomllib.loads(file.read_text(encoding="utf-8")):
        return str(file)
    return "default"
